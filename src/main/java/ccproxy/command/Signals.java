package ccproxy.command;

import java.io.FileInputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import sun.misc.Signal;

/// What this process is asked to do by signals. SIGTERM and SIGINT stop it, a second one of them at
/// once, as a person who presses Ctrl-C twice means it. SIGHUP reads the configuration again; but
/// it is also what the processes of a terminal get when that is closed, and then it stops us.
final class Signals {
    private static final String TERMINAL = "/dev/tty";

    /// The kernel tells us a moment before it takes the terminal away.
    private static final Duration TERMINAL_LAST = Duration.ofMillis(100);

    /// For killing what we started; a machine that takes longer has other troubles.
    private static final Duration KILL_WAIT = Duration.ofMillis(250);

    private final BlockingQueue<Asked> asked = new LinkedBlockingQueue<>();
    private final AtomicBoolean isStopping = new AtomicBoolean();
    private final boolean hasTerminal;

    /// What is asked for.
    enum Asked {
        STOP,
        /// As [#STOP], because something without which the server is deaf has died.
        DIED,
        RELOAD,
        NOTHING;

        boolean isEnd() {
            return this == STOP || this == DIED;
        }
    }

    /// Of nobody: a test says what is asked.
    Signals() {
        this(false);
    }

    private Signals(boolean hasTerminal) {
        this.hasTerminal = hasTerminal;
    }

    /// {@return those of this process, from now on}
    ///
    /// A shutdown hook could not do it: it never hears of a second signal, and after it the JVM
    /// exits with 143, whereas a server that stopped as told exits with 0. `sun.misc.Signal` is the
    /// only other way (module `jdk.unsupported`, there for such uses).
    ///
    /// Where SIGHUP is ignored already (`nohup`), the JVM leaves it so.
    static Signals ofProcess() {
        var signals = new Signals(isTerminalThere());
        for (String name : List.of("TERM", "INT", "HUP")) {
            try {
                Signal.handle(new Signal(name), _ -> signals.on(name));
            } catch (IllegalArgumentException _) {
                // Not a signal of this system, or the JVM was started with -Xrs and leaves its
                // signals to the system: then the system's own answer to it holds.
            }
        }
        return signals;
    }

    /// Asks for something, as a signal does.
    void ask(Asked what) {
        asked.add(what);
    }

    /// {@return what is asked for within `wait`}; an interrupt means stop.
    Asked next(Duration wait) {
        try {
            Asked next = asked.poll(wait.toNanos(), TimeUnit.NANOSECONDS);
            return next == null ? Asked.NOTHING : next;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return Asked.STOP;
        }
    }

    /// On the JVM's thread for this signal.
    private void on(String name) {
        if (name.equals("HUP") && !isTerminalGone()) {
            // Ten at once are one.
            if (!asked.contains(Asked.RELOAD)) ask(Asked.RELOAD);
            return;
        }
        if (isStopping.getAndSet(true)) halt();
        ask(Asked.STOP);
    }

    private boolean isTerminalGone() {
        if (!hasTerminal) return false;
        try {
            if (isTerminalThere()) Thread.sleep(TERMINAL_LAST);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        return !isTerminalThere();
    }

    /// The controlling terminal's own name: it opens only for who has one.
    private static boolean isTerminalThere() {
        try (var _ = new FileInputStream(TERMINAL)) {
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    /// Ends all that we started, and then us: nobody else would end them.
    private static void halt() {
        Thread killer =
                Thread.ofPlatform()
                        .daemon()
                        .start(() ->
                                ProcessHandle.current()
                                        .descendants()
                                        .forEach(ProcessHandle::destroyForcibly));
        try {
            killer.join(KILL_WAIT);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().halt(ExitCode.OK.status());
    }
}
