-- One shape of request, again and again; prints p50, p95 and p99 in microseconds, requests per
-- second, and how many were not answered 2xx.
--
--   wrk … -s request.lua URL -- METHOD PATH
--
-- In PATH, {id}, {agent} and {customer} stand for random ones of the ranges that the environment
-- gives as "from-to". POST sends a new ticket.

local shared = dofile("benches/wrk/shared.lua")
local method, path

local ranges = {}
for _, name in ipairs({ "id", "agent", "customer" }) do
    local from, to = shared.range(name:upper())
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

function init(args)
    shared.seed()
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
