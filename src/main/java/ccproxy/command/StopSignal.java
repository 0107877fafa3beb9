package ccproxy.command;

import java.lang.reflect.Proxy;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;

/// Waits to be told to stop. The first SIGTERM, SIGINT or SIGHUP ends the wait; a second one ends
/// the process at once, as a person who presses Ctrl-C twice means it.
final class StopSignal {
    private final CountDownLatch asked = new CountDownLatch(1);
    private final AtomicBoolean isAsked = new AtomicBoolean();

    /// {@return one that listens to this process's signals from now on}
    ///
    /// A shutdown hook could not do it: it never hears of a second signal, and after it the JVM
    /// exits with 143, whereas a server that stopped as told exits with 0. `sun.misc.Signal` is the
    /// only other way (module `jdk.unsupported`, there for such uses), and javac's warning about it
    /// cannot be switched off, hence by reflection.
    static StopSignal ofProcess() {
        var stop = new StopSignal();
        for (String name : List.of("TERM", "INT", "HUP")) {
            try {
                Class<?> signal = Class.forName("sun.misc.Signal");
                Class<?> handler = Class.forName("sun.misc.SignalHandler");
                Object ours =
                        Proxy.newProxyInstance(
                                handler.getClassLoader(),
                                new Class<?>[] {handler},
                                (_, method, _) -> {
                                    if (method.getName().equals("handle")) stop.onSignal();
                                    return null;
                                });
                Object wanted = signal.getConstructor(String.class).newInstance(name);
                signal.getMethod("handle", signal, handler).invoke(null, wanted, ours);
            } catch (ReflectiveOperationException _) {
                // Not a signal of this system, or the JVM was started with -Xrs and leaves its
                // signals to the system: then the system's own answer to it holds.
            }
        }
        return stop;
    }

    /// Ends the wait.
    void release() {
        isAsked.set(true);
        asked.countDown();
    }

    /// Waits for the first signal, or for an interrupt, which means the same.
    void await() {
        try {
            asked.await();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private void onSignal() {
        if (isAsked.getAndSet(true)) Runtime.getRuntime().halt(ExitCode.OK.status());
        asked.countDown();
    }
}
