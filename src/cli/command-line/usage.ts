/** What `balance --help` prints. */
export const usage = `balance: a layer-4 and layer-7 proxy and load balancer

Usage:
  balance run [--config FILE]        run the proxy; edits of the file are followed live
  balance --config FILE              the same as balance run --config FILE
  balance validate [--config FILE]   check a config file and list every problem in it
  balance diff A B                   show what a proxy that runs A would do with B
  balance explain [METHOD] URL       show the way of a request: listener, route, what is forwarded, backends
  balance logs [FILE|-]...           show JSON log lines in a readable form, and other lines as they are
  balance backends [list]            show the backends of the running proxy and what state they are in
  balance backends VERB NAME         drain, disable, enable a backend, or call it healthy or unhealthy
  balance health                     say whether the proxy at $BALANCE_HEALTH_SOCKET is ready, for health checks of containers
  balance upgrade [--timeout 60s]    let a new version take over from the proxy at $BALANCE_HEALTH_SOCKET, without a lost connection
  balance dev-cert NAME...           make a certificate for local development, and once a CA that clients are made to trust
  balance demo                       run three small backends and the proxy in front of them

Options:
  -c, --config FILE   the config file (default: $BALANCE_CONFIG, then config/balance.yaml); -config FILE means the same
      --json          validate, diff, explain, backends: write the result as JSON
  -h, --help          show this text
  -v, --version       show the version

Options of validate:
      --strict        check more, such as routes that nothing reaches, and treat warnings as errors

Options of backends:
      --reason TEXT   why, for those who look later; NAME is UPSTREAM/NAME where several servers share a name
                      drain: no new clients; it keeps those that it has, by sticky cookies too. disable: no requests
                      at all. enable: as its checks say again. The admin server that the config names is asked.

Options of explain:
  -H, --header 'Name: value'   a header of the request; as often as needed
      --from IP                the client's address (default: 127.0.0.1)
      --listener NAME          the listener, if the port of the URL does not say which one; enough for TCP

Options of dev-cert:
      --folder DIR    where the CA and the certificates are (default: certs)
      --rsa           with an RSA key instead of ECDSA
      --client        for a client, which shows it to a listener with tls.client_auth; NAME is any text
      --days N        how long it is valid (default: 397, at most 825)
      --force         replace a certificate that is there already, to renew it; the CA is never replaced

Options of logs:
  -l, --level LEVEL   lines of this level and above; access lines count by their status
  -r, --request ID    lines of one request
  -t, --trace ID      lines of one trace
      --filter EXPR   JSON lines that match, such as 'status >= 500 or duration > 1s'
  -f, --follow        go on when the last file grows or is rotated

Signals:
  SIGTERM, SIGINT, SIGQUIT   finish what runs, for shutdown.timeout at most, then exit with 0; a second signal
                             exits at once with 1; a signal before the proxy is up ends the start, with 0
  SIGHUP                     read the config file again and open log files anew (run)
  SIGUSR1                    open log files anew, after they were moved
  SIGUSR2                    start a new version beside this one and let it take over (run)

Exit codes: 0 success; 1 a failure such as an address in use; 2 a wrong config or command line.
            health: 0 ready; 1 not ready, or no proxy there.
            upgrade: 0 the new version serves; 1 nothing changed, and the message says why.
            diff: 0 nothing changes; 1 something does; 2 a file cannot be used.
`;
