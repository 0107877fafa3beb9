package ccproxy.claude;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A process with the children that it had when it was looked at: they outlive it, and may hold its
/// pipes open.
record ProcessTree(Process process, List<ProcessHandle> children) {
    /// {@return a process with the children that it has now}
    static ProcessTree of(Process process) {
        return new ProcessTree(process, process.descendants().toList());
    }

    /// Ends it in steps: it may leave by itself, is asked to, is ended.
    ///
    /// @param mayLeave whether the first step is tried
    /// @param step how long each may take
    void end(boolean mayLeave, Duration step) throws InterruptedException {
        if (mayLeave && awaitExit(step)) return;
        alive().forEach(ProcessHandle::destroy);
        if (!awaitExit(step)) kill();
    }

    /// Ends what is alive.
    void kill() {
        alive().forEach(ProcessHandle::destroyForcibly);
    }

    private Stream<ProcessHandle> alive() {
        return Stream.concat(Stream.of(process.toHandle()), children.stream())
                .filter(ProcessHandle::isAlive);
    }

    /// {@return whether all of it has ended within `wait`}
    boolean awaitExit(Duration wait) throws InterruptedException {
        long until = System.nanoTime() + wait.toNanos();
        if (!process.waitFor(wait.toMillis(), TimeUnit.MILLISECONDS)) return false;
        while (children.stream().anyMatch(ProcessHandle::isAlive)) {
            if (System.nanoTime() > until) return false;
            Thread.sleep(20);
        }
        return true;
    }
}
