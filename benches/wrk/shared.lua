-- What the scripts of wrk share: ranges to draw from, seeds, and the figures at the end.

local shared = {}

-- From and to of BENCH_<name>, which is "from-to".
function shared.range(name)
    local from, to = (os.getenv("BENCH_" .. name) or "1-1"):match("^(%d+)-(%d+)$")
    return tonumber(from), tonumber(to)
end

-- Each thread is a Lua of its own, and would draw the same numbers.
function shared.seed() math.randomseed(tonumber(seed) or os.time()) end

function setup(thread)
    thread:set("seed", math.random(1000000000))
end

function done(summary, latency)
    local failed = summary.errors
    print(string.format("RESULT %d %d %d %.0f %d", latency:percentile(50), latency:percentile(95),
        latency:percentile(99), summary.requests / summary.duration * 1000000,
        failed.connect + failed.read + failed.write + failed.status + failed.timeout))
end

return shared
