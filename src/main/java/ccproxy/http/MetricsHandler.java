package ccproxy.http;

import ccproxy.claude.BackendCounts;
import ccproxy.claude.Backends;
import ccproxy.observe.JvmMetrics;
import ccproxy.observe.MetricsText;

/// What this server did, for Prometheus.
final class MetricsHandler {
    private final ServerSettings settings;
    private final Backends backends;
    private final Observed observed;

    MetricsHandler(ServerSettings settings, Backends backends, Observed observed) {
        this.settings = settings;
        this.backends = backends;
        this.observed = observed;
    }

    void show(Exchange exchange) {
        exchange.reply(200, MetricsText.CONTENT_TYPE, text(exchange.key().owner()).bytes());
    }

    /// @param owner whose key asks, `""` for who runs the server: only that one sees what others
    ///   did
    private MetricsText text(String owner) {
        var out = new MetricsText();
        out.gauge("ccproxy_build_info", "What runs here.")
                .sample(
                        1,
                        "version",
                        settings.version(),
                        "java",
                        System.getProperty("java.version"),
                        "backend",
                        backends.name());
        out.gauge("ccproxy_http_requests_running", "Requests that have not ended, this one too.")
                .sample(observed.running().size());
        out.gauge("ccproxy_streams_open", "Answers on their way to a client in events.")
                .sample(observed.running().stream().filter(Exchange::isStreaming).count());
        observed.observers().metrics().write(out, name -> owner.isEmpty() || name.equals(owner));
        write(out, backends.counts());
        observed.observers().ledger().write(out);
        JvmMetrics.write(out);
        return out;
    }

    private static void write(MetricsText out, BackendCounts counts) {
        out.gauge("ccproxy_sessions", "Sessions in memory.").samples("state", counts.sessions());
        out.histogram(
                "ccproxy_queue_wait_seconds",
                "How long a turn waited for its session, or for a process of the CLI.");
        counts.sessionWaits()
                .forEach((backend, waits) ->
                        out.sample(waits, "queue", "session", "backend", backend));
        out.sample(counts.cli().waits(), "queue", "cli", "backend", "sdk");
        out.counter(
                "ccproxy_upstream_responses_total",
                "What backends were answered; none: the connection failed, or no answer in time.");
        counts.upstreamResponses()
                .forEach((backend, statuses) ->
                        statuses.forEach((status, count) ->
                                out.sample(count, "backend", backend, "status", status)));
        out.gauge("ccproxy_upstream_connections", "Connections to the API, in use or kept.")
                .sample(counts.upstreamConnections());
        out.gauge("ccproxy_cli_processes", "Processes of the CLI.").sample(counts.cli().running());
        counts.cli()
                .events()
                .forEach((name, count) ->
                        out.counter("ccproxy_cli_" + name + "_total", help(name)).sample(count));
    }

    private static String help(String event) {
        return switch (event) {
            case "processes_started" -> "Processes of the CLI that were started.";
            case "warm_hits" -> "Requests that found a process ready.";
            case "resumes" -> "Conversations that the CLI took up again.";
            case "interrupts" -> "Answers that were interrupted.";
            case "kills" -> "Processes that did not stop and were killed.";
            default -> "What CLI processes did.";
        };
    }
}
