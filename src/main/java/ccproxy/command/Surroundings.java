package ccproxy.command;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Map;

/// What the program finds around it; a test brings its own.
///
/// @param environment the variables
/// @param folder the working folder, where `./ccproxy.json` is looked for
/// @param home the user's folder, where `.config/ccproxy/ccproxy.json` is looked for
/// @param out for what was asked for
/// @param err for log lines and errors
record Surroundings(
        Map<String, String> environment, Path folder, Path home, PrintStream out, PrintStream err) {
    /// {@return those of this process}
    static Surroundings ofProcess() {
        var environment = System.getenv();
        // HOME first: a container may run as a user that the system has no entry for.
        String home = environment.getOrDefault("HOME", System.getProperty("user.home"));
        return new Surroundings(environment, Path.of(""), Path.of(home), System.out, System.err);
    }

    /// {@return where what outlives the program is kept: systemd's folder for it, else the user's
    /// (XDG Base Directory Specification)}
    Path state() {
        // systemd may name several, separated by colons.
        String given = environment.getOrDefault("STATE_DIRECTORY", "").split(":", 2)[0];
        if (!given.isEmpty()) return Path.of(given);
        String user = environment.getOrDefault("XDG_STATE_HOME", "");
        Path base = user.startsWith("/") ? Path.of(user) : home.resolve(".local/state");
        return base.resolve("ccproxy");
    }

    /// {@return where the usage ledger is kept}
    Path usage() {
        return state().resolve("usage");
    }
}
