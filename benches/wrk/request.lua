-- One shape of request, again and again; prints p50, p95 and p99 in microseconds, requests per
-- second, and how many were not answered 2xx.
--
--   wrk … -s request.lua URL -- METHOD PATH
--
-- In PATH, {id}, {agent} and {customer} stand for random ones of the ranges that the environment
-- gives as "from-to". POST sends a new ticket.

local method, path

local function range(name)
    local from, to = (os.getenv("BENCH_" .. name) or "1-1"):match("^(%d+)-(%d+)$")
    return tonumber(from), tonumber(to)
end

local ranges = {}
for _, name in ipairs({ "id", "agent", "customer" }) do
    local from, to = range(name:upper())
    ranges[name] = { from = from, to = to }
end

local function any(name)
    return string.format("%d", math.random(ranges[name].from, ranges[name].to))
end

local body = [[{"subject": "Трансфер из аэропорта не приехал", "description": "Мы ждём автобус у ]] ..
    [[аэропорта Елизово уже сорок минут, телефон гида не отвечает. Бронь %d.", "customerId": "%s", ]] ..
    [["customerName": "Ирина Соколова", "customerEmail": "customer%d@example.com", "category": "%s", ]] ..
    [["priority": "high", "relatedBookingId": "%d", "tags": ["transfer"]}]]
local categories = { "booking", "billing", "refund", "cancellation", "technical", "other" }

function setup(thread)
    thread:set("seed", math.random(1000000000))
end

function init(args)
    -- Each thread is a Lua of its own, and would draw the same numbers.
    math.randomseed(tonumber(seed) or os.time())
    method, path = args[1], args[2]
    wrk.headers["X-API-Key"] = os.getenv("BENCH_KEY")
    if method == "POST" then wrk.headers["Content-Type"] = "application/json" end
end

function request()
    local place = path:gsub("{(%a+)}", any)
    if method ~= "POST" then return wrk.format(method, place) end
    local booking, customer = math.random(10000, 900000), any("customer")
    local text = string.format(body, booking, customer, tonumber(customer) - 9000000000,
        categories[math.random(#categories)], booking)
    return wrk.format(method, place, nil, text)
end

function done(summary, latency)
    local failed = summary.errors
    print(string.format("RESULT %d %d %d %.0f %d", latency:percentile(50), latency:percentile(95),
        latency:percentile(99), summary.requests / summary.duration * 1000000,
        failed.connect + failed.read + failed.write + failed.status + failed.timeout))
end
