package ccproxy.claude;

import ccproxy.observe.Log;
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
            String version, String problem, CliProgram.Login login, long nanos, boolean isKnown) {
        String whyNot() {
            if (!problem.isEmpty()) return problem;
            return login.isLoggedIn() ? "" : CliProgram.LOG_IN;
        }
    }

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
                        String version = program.version();
                        String problem = program.problem();
                        tell(new Seen(version, problem, login, System.nanoTime(), true));
                    } catch (InterruptedException _) {
                        Thread.currentThread().interrupt();
                    } finally {
                        isAsking.set(false);
                    }
                });
    }

    /// Says in the log what a request would hear, once, before one does.
    private void tell(Seen now) {
        String before = seen.whyNot();
        seen = now;
        String problem = now.whyNot();
        if (problem.equals(before)) return;
        if (problem.isEmpty()) Log.info("/sdk can answer").write();
        else Log.warn("/sdk cannot answer").with("problem", problem).write();
    }

    /// {@return why no answer can be had, `""` when one can or nothing is known yet}
    String problem() {
        refresh();
        return seen.whyNot();
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
