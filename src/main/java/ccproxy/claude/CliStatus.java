package ccproxy.claude;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/// What is known of the CLI without waiting for it: asked in the background, again when it is asked
/// for and old. Safe for any number of threads.
final class CliStatus {
    private static final Duration FRESH = Duration.ofSeconds(30);

    private final CliProgram program;
    private final AtomicBoolean isAsking = new AtomicBoolean();
    private volatile Seen seen = new Seen("", "", new CliProgram.Login(true, ""), 0, false);

    private record Seen(
            String version, String problem, CliProgram.Login login, long nanos, boolean isKnown) {}

    CliStatus(CliProgram program) {
        this.program = program;
    }

    /// Asks, unless the answer is fresh or on its way.
    void refresh() {
        boolean isFresh = seen.isKnown && System.nanoTime() - seen.nanos < FRESH.toNanos();
        if (isFresh || !isAsking.compareAndSet(false, true)) return;
        Thread.ofPlatform()
                .daemon()
                .name("claude-status")
                .start(() -> {
                    try {
                        CliProgram.Login login = program.login();
                        seen =
                                new Seen(
                                        program.version(),
                                        program.problem(),
                                        login,
                                        System.nanoTime(),
                                        true);
                    } catch (InterruptedException _) {
                        Thread.currentThread().interrupt();
                    } finally {
                        isAsking.set(false);
                    }
                });
    }

    /// {@return why no answer can be had, `""` when one can or nothing is known yet}
    String problem() {
        refresh();
        Seen now = seen;
        if (!now.problem.isEmpty()) return now.problem;
        return now.login.isLoggedIn() ? "" : CliProgram.LOG_IN;
    }

    /// {@return `{"version","logged_in","login"}`; without what is not known yet}
    Map<String, Object> shown() {
        refresh();
        Seen now = seen;
        var shown = new LinkedHashMap<String, Object>();
        if (!now.isKnown) return shown;
        shown.put("version", now.version);
        shown.put("logged_in", now.login.isLoggedIn());
        shown.put("login", now.login.method());
        return shown;
    }
}
