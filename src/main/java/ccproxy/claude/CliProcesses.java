package ccproxy.claude;

import ccproxy.observe.Log;
import ccproxy.wire.ApiException;
import ccproxy.wire.ErrorKind;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// The CLI processes that a pool has started, each until it is gone: who closes waits also for
/// those that just end. For any number of threads.
final class CliProcesses implements AutoCloseable {
    private final ClaudeSettings settings;
    private final CliProgram program;
    private final CliCounters counters;
    private final Set<ClaudeProcess> started = ConcurrentHashMap.newKeySet();
    private final Semaphore room;
    private final Runnable onRoom;
    private volatile boolean isClosed;

    /// @param onRoom told when one is gone
    CliProcesses(
            ClaudeSettings settings, CliProgram program, CliCounters counters, Runnable onRoom) {
        this.settings = settings;
        this.program = program;
        this.counters = counters;
        this.room = new Semaphore(settings.cli().processesMax(), true);
        this.onRoom = onRoom;
    }

    /// {@return whether another may start now}: one that ends counts until it is gone
    boolean hasRoom() {
        return room.availablePermits() > 0;
    }

    /// {@return a process}
    ///
    /// @param more arguments of an agent; none for one that is the model alone
    /// @param wait for one that ends to be gone, where there is no room before
    /// @throws ApiException when there is no usable program, no room, or the server stops
    ClaudeProcess start(List<String> more, Duration wait) throws InterruptedException {
        if (!room.tryAcquire(wait.toNanos(), TimeUnit.NANOSECONDS)) throw CliPlaces.full();
        ClaudeProcess process = null;
        try {
            process = open(more);
        } finally {
            if (process == null) room.release();
        }
        started.add(process);
        // Who closes ends all that it finds; this one may have come too late for that.
        if (!isClosed) return process;
        process.close();
        throw new ApiException(ErrorKind.UNAVAILABLE, "the server is stopping");
    }

    private void gone() {
        started.removeIf(ClaudeProcess::isGone);
        room.release();
        onRoom.run();
    }

    private ClaudeProcess open(List<String> more) throws InterruptedException {
        Path path = program.path();
        CliFolders folders = CliFolders.open();
        try {
            ClaudeProcess process =
                    ClaudeProcess.start(
                            CliCommand.of(path, settings.cli(), more),
                            CliEnvironment.of(settings, folders.temporary(), more.isEmpty()),
                            folders,
                            settings.cli().workFolder(),
                            this::gone);
            counters.started.increment();
            Log.debug("process started").with("pid", process.pid()).write();
            return process;
        } catch (IOException e) {
            folders.close();
            throw new ApiException(
                            ErrorKind.UNAVAILABLE,
                            "the Claude Code CLI at "
                                    + path
                                    + " cannot be started: "
                                    + e.getMessage())
                    .code("cli_unavailable");
        }
    }

    /// {@return whether none can be spoken to}
    boolean isEmpty() {
        return started.stream().noneMatch(ClaudeProcess::isAlive);
    }

    /// {@return process ids of those that run}
    List<Long> pids() {
        return started.stream().filter(ClaudeProcess::isAlive).map(ClaudeProcess::pid).toList();
    }

    /// Ends all of them and waits for that; from now on none starts.
    @Override
    public void close() {
        isClosed = true;
        var ending = new ArrayList<>(started);
        ending.forEach(ClaudeProcess::close);
        try {
            long until = System.nanoTime() + ClaudeProcess.STEP.multipliedBy(2).toNanos();
            for (ClaudeProcess process : ending) {
                long left = Math.max(0, until - System.nanoTime());
                if (!process.awaitEnd(Duration.ofNanos(left))) process.kill();
            }
        } catch (InterruptedException _) {
            ending.forEach(ClaudeProcess::kill);
        }
    }
}
