package ccproxy.command;

import ccproxy.claude.Backends;
import ccproxy.http.Server;
import ccproxy.http.ServerSettings;
import ccproxy.observe.Log;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// The configuration as it holds now, and how another takes its place while the server runs: whole
/// or not at all. Backends that were replaced are closed when the last exchange that asks them has
/// ended. For one thread.
final class Reload implements AutoCloseable {
    private final Surroundings surroundings;
    private final Parts parts;
    private final List<Backends> replaced = new ArrayList<>();
    private Config config;
    private Backends backends;

    /// What runs with a configuration.
    ///
    /// @param log where lines go
    record Parts(Server server, Backends backends, Tracing tracing, PrintStream log) {}

    /// @param config that the parts run with
    Reload(Config config, Surroundings surroundings, Parts parts) {
        this.config = config;
        this.surroundings = surroundings;
        this.parts = parts;
        this.backends = parts.backends;
    }

    /// {@return what holds now}
    Config config() {
        return config;
    }

    /// {@return who answers now}
    Backends backends() {
        return backends;
    }

    /// {@return the server}
    Server server() {
        return parts.server;
    }

    /// Reads the configuration again. What is wrong with it is one line, as at a start, and all
    /// stays as it is.
    ///
    /// @param why it is read
    void run(Supplier<Config> read, String why) {
        try {
            take(read.get(), why);
        } catch (CommandException | IllegalArgumentException e) {
            Log.error("configuration refused, the one before it stays")
                    .with("reason", why)
                    .with("error", e.getMessage())
                    .write();
        }
    }

    private void take(Config read, String why) {
        List<String> changed = read.differing(config, Keys.ALL);
        List<String> fixed = read.differing(config, Keys.FIXED);
        // What cannot change now must not open a door either: the check is of what will hold.
        Config next = read.keeping(config, Keys.FIXED);
        next.checkExposure();
        // Whatever can be refused is made before anything is changed.
        ServerSettings settings = next.server();
        Backends now = backends.with(next.claude(surroundings));
        if (now != backends) replaced.add(backends);
        backends = now;
        config = next;
        // Before a request can come that brings a new secret.
        parts.tracing.follow(next, now.name());
        parts.server.swap(settings, now);
        next.configureLog(parts.log);
        Log.info(changed.isEmpty() ? "configuration unchanged" : "configuration changed")
                .with("reason", why)
                .with("settings", String.join(" ", changed))
                .with("backend", now.name())
                .write();
        if (fixed.isEmpty()) return;
        Log.warn("these settings hold after a restart")
                .with("settings", String.join(" ", fixed))
                .write();
    }

    /// Closes the backends that nobody asks any more; to be called now and then.
    void tidy() {
        for (Backends old : List.copyOf(replaced)) {
            if (parts.server.isUsing(old)) continue;
            replaced.remove(old);
            // Its processes may take seconds to end.
            Thread.ofPlatform().daemon().name("backends-end").start(old::close);
        }
    }

    /// Closes the server and all backends.
    @Override
    public void close() {
        parts.server.close();
        replaced.forEach(Backends::close);
        backends.close();
    }
}
