-- wrk's own text rounds its figures; this prints them as they are.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests":%d,"durationMicroseconds":%d,"p50Microseconds":%d,"p99Microseconds":%d,"errors":%d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end

-- With an argument, the mean pause of a connection between two requests in seconds, the load comes at a steady rate:
-- pauses are spread evenly from nothing to twice the mean, so that the connections do not march in step.
function init(args)
  local mean = tonumber(args[1])
  if mean ~= nil then
    local longest = mean * 2000
    function delay() return math.random(0, math.floor(longest + 0.5)) end
  end
end
