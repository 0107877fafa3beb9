package ccproxy.command;

import ccproxy.claude.Backends;
import ccproxy.http.Server;
import ccproxy.observe.LineQueue;
import ccproxy.observe.Log;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;

/// `serve`: the server, from its ready line to its last log line.
final class ServeCommand {
    private final Config config;
    private final Surroundings surroundings;

    ServeCommand(Config config, Surroundings surroundings) {
        this.config = config;
        this.surroundings = surroundings;
    }

    /// Serves until `stop` is released, then lets streams finish for as long as configured.
    ///
    /// @throws CommandException if it cannot start
    ExitCode run(StopSignal stop) {
        config.checkExposure();
        // Closed last: it writes what waits.
        try (var lines = new LineQueue(surroundings.err())) {
            config.configureLog(new PrintStream(lines, false, StandardCharsets.UTF_8));
            serve(stop);
            Log.info("server stopped").write();
        }
        return ExitCode.OK;
    }

    private void serve(StopSignal stop) {
        try (Backends backends = Backends.open(config.claude(surroundings));
                Server server = new Server(config.server(), backends)) {
            start(server);
            if (!backends.advice().isEmpty()) Log.warn(backends.advice()).write();
            warnOfLoop(server.port());
            Log.info("server started")
                    .with("version", Version.text())
                    .with("url", url(server.port()))
                    .with("backend", backends.name())
                    .with("settings", String.join(" ", config.namesSet()))
                    .write();
            String ready = "ccproxy %s listening on %s (backend: %s)";
            var out = surroundings.out();
            out.println(ready.formatted(Version.text(), url(server.port()), backends.name()));
            out.flush();
            stop.await();
            Log.info("server stopping").write();
            server.stop(config.get(Keys.SHUTDOWN_GRACE));
        }
    }

    private void start(Server server) {
        try {
            server.start();
        } catch (IOException e) {
            String message = "cannot listen on %s: %s; choose another with --host and --port";
            String url = url(config.get(Keys.PORT));
            throw new CommandException(ExitCode.FAILED, message.formatted(url, e.getMessage()));
        }
    }

    private String url(int port) {
        String host = config.host();
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
    }

    /// A shell that points its clients at us with ANTHROPIC_BASE_URL is a likely place to start us
    /// from, and then every request to the API would come straight back.
    private void warnOfLoop(int port) {
        URI upstream = config.get(Keys.API_BASE_URL);
        if (OwnAddress.of(config, port).is(upstream)) {
            Log.warn("api.base_url points at this server itself: requests to the API will fail")
                    .with("api_base_url", upstream.toString())
                    .with("source", config.setting(Keys.API_BASE_URL).source())
                    .write();
        }
        String forCli = surroundings.environment().getOrDefault(Config.CLI_UPSTREAM, "");
        if (config.hasLoop(surroundings)) {
            Log.warn(
                            "ANTHROPIC_BASE_URL points at this server itself: the Claude Code CLI is not told of it")
                    .with("anthropic_base_url", forCli)
                    .write();
        }
    }
}
