package ccproxy.claude;

import ccproxy.observe.Log;
import ccproxy.wire.ApiException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;

/// The thread of a pool that keeps [CliSettings#warm] processes ready, from the first sign that
/// they are wanted, and ends those that nobody used for long; one start at a time, and none while a
/// request waits for one. The lock of the ready ones is the pool's; who changes what is decided
/// here notifies on it.
final class PoolKeeper {
    /// The pool refills when the answer that emptied it has had the processors to itself for a
    /// moment.
    private static final Duration REFILL_DELAY = Duration.ofMillis(300);

    private static final Duration SWEEP_EVERY = Duration.ofMinutes(1);

    private final CliSettings settings;
    private final CliProgram program;
    private final CliPlaces places;
    private final CliProcesses processes;
    private final ReadyProcesses ready;
    private final Thread thread;

    /// Guarded by the lock.
    private boolean isWanted;

    /// What a pool is made of.
    record Parts(
            CliProgram program, CliPlaces places, CliProcesses processes, ReadyProcesses ready) {}

    PoolKeeper(CliSettings settings, Parts pool) {
        this.settings = settings;
        this.program = pool.program;
        this.places = pool.places;
        this.processes = pool.processes;
        this.ready = pool.ready;
        thread = Thread.ofPlatform().daemon().name("claude-pool").start(this::keep);
    }

    /// From now on processes are kept ready.
    void want() {
        synchronized (ready) {
            isWanted = true;
            ready.notifyAll();
        }
    }

    /// Starts no more.
    void stop() {
        thread.interrupt();
    }

    private void keep() {
        // Here, where nobody waits for it.
        CliFolders.sweep();
        try {
            for (; ; ) {
                synchronized (ready) {
                    if (!wantsWarm()) ready.wait(SWEEP_EVERY.toMillis());
                    if (!ready.isOpen()) return;
                    ready.sweep();
                    if (!wantsWarm()) continue;
                }
                Thread.sleep(processes.isEmpty() ? Duration.ZERO : REFILL_DELAY);
                startWarm();
            }
        } catch (InterruptedException _) {
            // The server stops.
        }
    }

    private boolean wantsWarm() {
        int total = places.taken() + ready.size();
        return isWanted
                && ready.isOpen()
                && !places.isWaitedFor()
                && ready.warm() < settings.warm()
                && total < settings.processesMax()
                && processes.hasRoom()
                && program.isFound();
    }

    private void startWarm() throws InterruptedException {
        try {
            // This may take seconds; nobody is to wait for it.
            program.path();
            synchronized (ready) {
                // Looked at again: a request may have taken the last place meanwhile.
                if (wantsWarm()) ready.addWarm(processes.start(List.of(), Duration.ZERO));
            }
        } catch (ApiException | UncheckedIOException e) {
            // A request will say so; this thread only prepares.
            Log.debug("no process started ahead").with("error", e.getMessage()).write();
            Thread.sleep(SWEEP_EVERY);
        }
    }
}
