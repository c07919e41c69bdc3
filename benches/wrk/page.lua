-- One page, as a browser asks for it; prints what request.lua prints.
--
--   wrk … -s page.lua URL -- [ETAG]

dofile("benches/wrk/shared.lua")

function init(args)
    wrk.headers["Accept"] = "text/html"
    wrk.headers["Accept-Encoding"] = "gzip"
    if args[1] then wrk.headers["If-None-Match"] = args[1] end
end
