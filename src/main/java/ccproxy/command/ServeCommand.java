package ccproxy.command;

import ccproxy.claude.Backends;
import ccproxy.http.Keystore;
import ccproxy.http.Server;
import ccproxy.observe.Ledger;
import ccproxy.observe.LineQueue;
import ccproxy.observe.Log;
import ccproxy.observe.Metrics;
import ccproxy.observe.Observers;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/// `serve`: the server, from its ready line to its last log line.
final class ServeCommand {
    /// Threads of the JDK's server, which do not outlive a lack of memory. Without them the process
    /// listens and never answers: one that has ended is started again by whoever started it.
    private static final Set<String> VITAL =
            Set.of("HTTP-Dispatcher", "idle-timeout-task", "req-rsp-timeout-task");

    private final Args args;
    private final Surroundings surroundings;
    private final ConfigWatch watch;
    private final Config config;
    private final long openFilesMax = Capacity.openFilesMax();

    /// @throws CommandException if the configuration is wrong
    ServeCommand(Args args, Surroundings surroundings) {
        this.args = args;
        this.surroundings = surroundings;
        // Before it is read: what is written from now on is a change.
        this.watch = new ConfigWatch(ConfigLoader.places(args, surroundings));
        this.config = ConfigLoader.load(args, surroundings);
    }

    /// Serves until it is asked to stop, then lets streams finish for as long as configured.
    ///
    /// @throws CommandException if it cannot start
    ExitCode run(Signals signals) {
        config.checkExposure();
        // Closed last: it writes what waits.
        try (var lines = new LineQueue(surroundings.err())) {
            var log = new PrintStream(lines, false, StandardCharsets.UTF_8);
            config.configureLog(log);
            Thread.setDefaultUncaughtExceptionHandler((thread, thrown) -> {
                Log.error("a thread died").with("thread", thread.getName()).with(thrown).write();
                if (VITAL.contains(thread.getName())) signals.ask(Signals.Asked.DIED);
            });
            ExitCode code = serve(signals, log);
            Log.info("server stopped").write();
            return code;
        }
    }

    /// {@return how it ended: as asked, or not}
    private ExitCode serve(Signals signals, PrintStream log) {
        int keepDays = config.get(ObserveKeys.USAGE_KEEP_DAYS);
        // Closed after the server: the last requests are written down too.
        try (Ledger ledger = Ledger.open(surroundings.usage(), keepDays);
                Reload reload = open(ledger, log)) {
            Server server = reload.server();
            JdkSettings.apply(Capacity.of(config, openFilesMax));
            start(server);
            tell(server.port(), reload.backends());
            Signals.Asked asked = Signals.Asked.NOTHING;
            while (!asked.isEnd()) {
                try {
                    asked = signals.next(ConfigWatch.EVERY);
                    if (!asked.isEnd()) look(asked, reload);
                } catch (OutOfMemoryError _) {
                    // Requests hold it all, and give it back; this thread must not end with them.
                }
            }
            Log.info("server stopping").write();
            server.leave(reload.config().get(Keys.SHUTDOWN_DELAY));
            server.stop(reload.config().get(Keys.SHUTDOWN_GRACE));
            return asked == Signals.Asked.STOP ? ExitCode.OK : ExitCode.FAILED;
        }
    }

    private Reload open(Ledger ledger, PrintStream log) {
        var settings = config.claude(surroundings);
        boolean isTracing = Tracing.isOn(config);
        var backends = isTracing ? Backends.traced(settings) : Backends.open(settings);
        var observers = new Observers(new Metrics(), ledger);
        var server = new Server(config.server(), backends, observers);
        var tracing = Tracing.open(config, backends.name(), surroundings);
        tracing.begin(server);
        return new Reload(config, surroundings, new Reload.Parts(server, backends, tracing, log));
    }

    private void look(Signals.Asked asked, Reload reload) {
        boolean isAsked = asked == Signals.Asked.RELOAD;
        if (isAsked) watch.isRead();
        if (isAsked || watch.hasChanged()) {
            String why = isAsked ? "SIGHUP" : "file changed";
            reload.run(() -> ConfigLoader.load(args, surroundings), why);
        }
        reload.tidy();
    }

    private void tell(int port, Backends backends) {
        if (!backends.advice().isEmpty()) Log.warn(backends.advice()).write();
        warnOfLoop(port);
        warnOfFiles();
        Log.info("server started")
                .with("version", Version.text())
                .with("url", url(port))
                .with("backend", backends.name())
                .with("settings", String.join(" ", config.namesSet()))
                .write();
        String ready = "ccproxy %s listening on %s (backend: %s)";
        var out = surroundings.out();
        out.println(ready.formatted(Version.text(), url(port), backends.name()));
        out.flush();
    }

    private void start(Server server) {
        try {
            server.start();
        } catch (Keystore.UnusableException e) {
            throw new CommandException(ExitCode.FAILED, e.getMessage());
        } catch (IOException e) {
            String message = "cannot listen on %s: %s; choose another with --host and --port";
            String url = url(config.get(Keys.PORT));
            throw new CommandException(ExitCode.FAILED, message.formatted(url, e.getMessage()));
        }
    }

    private String url(int port) {
        return config.url(config.host(), port);
    }

    private void warnOfFiles() {
        Capacity capacity = Capacity.of(config, openFilesMax);
        boolean isAll =
                capacity.streams() == config.get(Keys.MAX_STREAMS)
                        && capacity.connections() == config.get(Keys.MAX_CONNECTIONS);
        if (isAll) return;
        Log.warn("fewer at once than configured: too few open files are allowed (ulimit -n)")
                .with("open_files_max", openFilesMax)
                .with("max_streams", capacity.streams())
                .with("max_connections", capacity.connections())
                .write();
    }

    /// A shell that points its clients at us with ANTHROPIC_BASE_URL is a likely place to start us
    /// from, and then every request to the API would come straight back.
    private void warnOfLoop(int port) {
        URI upstream = config.get(BackendKeys.API_BASE_URL);
        if (OwnAddress.of(config, port).is(upstream)) {
            Log.warn("api.base_url points at this server itself: requests to the API will fail")
                    .with("api_base_url", upstream.toString())
                    .with("source", config.setting(BackendKeys.API_BASE_URL).source())
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
