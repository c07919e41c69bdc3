-- People at work: each connection is one of them, who thinks for half a second to one and a half before each call.
-- Prints p50, p95 and p99 in microseconds, calls per second, and how many were not answered 2xx.
--
--   wrk … -s users.lua URL
--
-- Of a hundred calls: the eight operations of the load test, with lists and tickets as a desk reads them.

local shared = dofile("benches/wrk/shared.lua")
local json = { ["Content-Type"] = "application/json", ["X-API-Key"] = os.getenv("BENCH_KEY") }
local plain = { ["X-API-Key"] = os.getenv("BENCH_KEY") }

local first, last = shared.range("ID")
local first_agent, last_agent = shared.range("AGENT")
local first_customer, last_customer = shared.range("CUSTOMER")

local words = {}
for word in (os.getenv("BENCH_WORDS") or "tour"):gmatch("%S+") do words[#words + 1] = word end
local articles = {}
for id in (os.getenv("BENCH_ARTICLES") or "1"):gmatch("%d+") do articles[#articles + 1] = id end

local function of_agent() return string.format("%d", math.random(first_agent, last_agent)) end
-- What is worked on is mostly new.
local function ticket()
    local span = last - first
    return string.format("%d", last - math.floor(span * math.random() ^ 3))
end
-- Some articles are read much, most little.
local function article() return articles[1 + math.floor(#articles * math.random() ^ 3)] end

local lists = {
    function() return "/tickets?status=open&sortBy=slaDue" end,
    function() return "/tickets?assignedTo=" .. of_agent() .. "&status=open,in_progress,reopened" end,
    function() return "/tickets?assignedTo=nobody" end,
    function() return "/tickets" end,
    function() return "/tickets?status=open&sortBy=priority" end,
}

local calls = {
    { 20, function() return "GET", "/knowledge-base/search?q=" .. words[1 + math.floor(#words * math.random() ^ 2)] end },
    { 25, function() return "GET", lists[math.random(#lists)]() end },
    { 15, function() return "GET", "/knowledge-base/articles/" .. article() end },
    { 15, function() return "GET", "/tickets/" .. ticket() end },
    { 5, function() return "GET", "/tickets/" .. ticket() .. "/messages" end },
    { 5, function() return "POST", "/sla", string.format('{"ticketId": "%s"}', ticket()) end },
    { 5, function() return "GET", "/knowledge-base/articles/" .. article() .. "/stats" end },
    { 4, function()
        local customer = math.random(first_customer, last_customer)
        return "POST", "/tickets", string.format([[{"subject": "Трансфер из аэропорта не приехал", "description": ]] ..
            [["Мы ждём автобус у аэропорта Елизово уже сорок минут, телефон гида не отвечает.", "customerId": "%d", ]] ..
            [["customerName": "Ирина Соколова", "customerEmail": "customer%d@example.com", "category": "booking"}]],
            customer, customer - 9000000000)
    end },
    { 4, function() return "POST", "/tickets/" .. ticket() .. "/messages",
        '{"message": "Гид перезвонит вам в течение десяти минут.", "isInternal": true}' end },
    { 2, function() return "PATCH", "/tickets/" .. ticket(), '{"tags": ["transfer"]}' end },
}

function init()
    shared.seed()
end

function delay() return math.random(500, 1500) end

function request()
    local drawn = math.random(100)
    for _, call in ipairs(calls) do
        drawn = drawn - call[1]
        if drawn <= 0 then
            local method, path, body = call[2]()
            return wrk.format(method, "/api/support" .. path, body and json or plain, body)
        end
    end
end

local refused = {}
function response(status, _, body)
    if status >= 400 and not refused[status] then
        refused[status] = true
        io.stderr:write(status, " ", body:sub(1, 200), "\n")
    end
end
