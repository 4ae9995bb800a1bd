/** What `balance --help` prints. */
export const usage = `balance: a layer-4 and layer-7 proxy and load balancer

Usage:
  balance run [--config FILE]        run the proxy; edits of the file are followed live
  balance --config FILE              the same as balance run --config FILE
  balance validate [--config FILE]   check a config file and list every problem in it
  balance diff A B                   what a proxy that runs A would do with B
  balance explain [METHOD] URL       the way of a request: listener, route, what is forwarded, backends
  balance logs [FILE|-]...           show JSON log lines to humans; what is no JSON is passed through
  balance health                     whether the proxy that $BALANCE_HEALTH_SOCKET leads to is ready: for containers' checks
  balance demo                       run three small backends and the proxy in front of them

Options:
  -c, --config FILE   the config file (default: $BALANCE_CONFIG, then config/balance.yaml); -config FILE means the same
      --json          validate, diff, explain: write the result as JSON
  -h, --help          show this text
  -v, --version       show the version

Options of validate:
      --strict        look for more, such as routes that nothing reaches, and take warnings for errors

Options of explain:
  -H, --header 'Name: value'   a header of the request; as often as needed
      --from IP                the client's address (default: 127.0.0.1)
      --listener NAME          the listener, where the URL's port does not tell; enough for TCP

Options of logs:
  -l, --level LEVEL   lines of this level and above; access lines count by their status
  -r, --request ID    lines of one request
  -t, --trace ID      lines of one trace
      --filter EXPR   JSON lines for which it holds, such as 'status >= 500 or duration > 1s'
  -f, --follow        go on when the last file grows or is rotated

Signals:
  SIGTERM, SIGINT, SIGQUIT   finish what runs, for shutdown.timeout at most, then exit with 0; a second one exits
                             at once with 1; one that comes before the proxy is up ends the start, with 0
  SIGHUP                     read the config file again and open log files anew (run)
  SIGUSR1                    open log files anew, after they were moved

Exit codes: 0 fine; 1 a failure such as an address in use; 2 a wrong config or command line.
            health: 0 ready; 1 not ready, or no proxy there.
            diff: 0 nothing changes; 1 something does; 2 a file that can't be used.
`;
