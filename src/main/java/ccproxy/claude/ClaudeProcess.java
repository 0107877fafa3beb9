package ccproxy.claude;

import ccproxy.observe.Log;
import ccproxy.wire.CliMessage;
import ccproxy.wire.Json;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import tools.jackson.databind.node.ObjectNode;

/// One `claude` process: lines to its stdin, lines from its stdout, its end.
///
/// ```
/// started ──begin──▶ in a turn ──result──▶ between turns ──close──▶ ended
///     └──────────────────┴─── dies ──────────────┴──▶ ended, and says why
/// ```
///
/// Its pipes are read and written by platform threads: a blocked pipe holds the thread that carries
/// it, and a few of them would stop every virtual thread of the server. One turn at a time.
final class ClaudeProcess implements AutoCloseable {
    /// How long each step of an end may take: leave by itself, TERM, KILL.
    static final Duration STEP = Duration.ofSeconds(5);

    /// All of them, with a moment for its stdin and for the last that it said.
    static final Duration END_WAIT = STEP.multipliedBy(5);

    /// Control requests are answered within milliseconds, also during a turn.
    static final Duration CONTROL_WAIT = Duration.ofSeconds(10);

    private final Process process;
    private final CliFolders folders;
    private final Runnable whenGone;
    private final ExecutorService writer;
    private final Thread reader;
    private final StderrTail stderr;
    private final ControlRequests control = new ControlRequests(this::write);
    private final AtomicBoolean isClosing = new AtomicBoolean();
    private final CountDownLatch gone = new CountDownLatch(1);
    private volatile ProcessTurn turn = new ProcessTurn();
    private volatile boolean isEnded;
    private volatile String brokenLine = "";

    /// {@return a process that runs `command`}
    ///
    /// @param environment all of its variables
    /// @param folders its own; removed with it
    /// @param workFolder where it runs, or `""` for its own
    /// @param whenGone told when it is gone, its children and folders too
    /// @throws IOException when it cannot be started
    static ClaudeProcess start(
            List<String> command,
            Map<String, String> environment,
            CliFolders folders,
            String workFolder,
            Runnable whenGone)
            throws IOException {
        var builder = new ProcessBuilder(command);
        builder.environment().clear();
        builder.environment().putAll(environment);
        builder.directory(
                workFolder.isEmpty() ? folders.work().toFile() : Path.of(workFolder).toFile());
        return new ClaudeProcess(builder.start(), folders, whenGone);
    }

    private ClaudeProcess(Process process, CliFolders folders, Runnable whenGone) {
        this.process = process;
        this.folders = folders;
        this.whenGone = whenGone;
        String name = "claude-" + process.pid();
        turn.discard();
        turn.died();
        writer =
                Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().daemon().name(name + "-in").factory());
        stderr = new StderrTail(process.errorReader(), name + "-err");
        reader = Thread.ofPlatform().daemon().name(name + "-out").start(this::read);
    }

    long pid() {
        return process.pid();
    }

    /// {@return whether it can still be spoken to}
    boolean isAlive() {
        return !isEnded && !isClosing.get() && process.isAlive();
    }

    /// {@return whether it has ended, although a child of its may still hold its pipes open}
    boolean hasExited() {
        return !process.isAlive();
    }

    private void read() {
        try (var in = process.getInputStream()) {
            var lines = new LineReader(in, LineReader.LINE_BYTES_MAX);
            while (lines.next()) told(CliMessage.of(lines.line(), lines.length()));
        } catch (IOException e) {
            brokenLine = e.getMessage();
        } catch (InterruptedException _) {
            // Nobody interrupts it; the end below is right all the same.
        } finally {
            isEnded = true;
            turn.died();
            control.end();
            // What it said is lost, so it is of no more use: end it also when it still runs.
            close();
        }
    }

    private void told(CliMessage line) throws InterruptedException {
        switch (line) {
            case CliMessage.Reply reply -> {
                control.replied(reply);
                turn.put(reply);
            }
            case CliMessage.Request request -> control.refuse(request);
            case CliMessage.Other(var type) ->
                    Log.debug("line skipped").with("type", type).with("pid", pid()).write();
            default -> turn.put(line);
        }
    }

    /// {@return its control requests}
    ControlRequests control() {
        return control;
    }

    /// Begins a turn with a line to stdin; the turn before it must be over.
    ProcessTurn begin(ObjectNode line) {
        ProcessTurn next = expect();
        write(line);
        return next;
    }

    /// {@return the turn that what is written next will begin}
    ProcessTurn expect() {
        var next = new ProcessTurn();
        turn = next;
        if (isEnded) next.died();
        return next;
    }

    /// Writes a line, in order, on the writer's thread.
    void write(ObjectNode line) {
        if (isClosing.get()) return;
        try {
            writer.execute(() -> send(line));
        } catch (RejectedExecutionException _) {
            // It has begun to end this very moment.
        }
    }

    private void send(ObjectNode line) {
        try {
            OutputStream out = process.getOutputStream();
            out.write(Json.bytes(line));
            out.write('\n');
            out.flush();
        } catch (IOException _) {
            // It is gone, or going: its reader says so.
        }
    }

    /// {@return the turn that was begun last}
    ProcessTurn turn() {
        return turn;
    }

    /// {@return why it ended, for a client: exit code and the last it said on stderr}
    String failure() {
        if (!brokenLine.isEmpty()) return brokenLine;
        String said = stderr.text();
        awaitExit();
        String end = process.isAlive() ? "stopped" : "ended with exit code " + process.exitValue();
        return "the claude process " + end + (said.isEmpty() ? "" : ": " + said);
    }

    /// Its pipes end a moment before it does.
    private void awaitExit() {
        try {
            process.waitFor(500, TimeUnit.MILLISECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// Ends it: stdin is closed and it may leave by itself; or, in a turn that nobody waits for, it
    /// is told to at once. Its children are taken before, since they outlive it. Returns at once;
    /// twice is fine.
    @Override
    public void close() {
        if (!isClosing.compareAndSet(false, true)) return;
        // Not a virtual thread: it waits on a process, and has to be done when all else has
        // stopped.
        Thread.ofPlatform().daemon().name("claude-" + pid() + "-end").start(this::end);
    }

    private void end() {
        var tree = ProcessTree.of(process);
        try {
            boolean isIdle = turn.isEnded();
            writer.shutdown();
            if (isIdle && writer.awaitTermination(1, TimeUnit.SECONDS)) closeQuietly();
            tree.end(isIdle, STEP);
            process.waitFor(STEP.toMillis(), TimeUnit.MILLISECONDS);
            closeQuietly();
            // Whatever it still had to say has been read when its reader ends.
            reader.join(STEP);
        } catch (InterruptedException _) {
            tree.kill();
        } finally {
            writer.shutdownNow();
            folders.close();
            gone.countDown();
            whenGone.run();
            Log.debug("process ended").with("pid", pid()).write();
        }
    }

    private void closeQuietly() {
        try {
            process.getOutputStream().close();
        } catch (IOException _) {
            // It is gone.
        }
    }

    /// Waits until it is gone, its children and folders too; [#close()] must have been called.
    ///
    /// @return whether they are
    boolean awaitEnd(Duration wait) throws InterruptedException {
        return gone.await(wait.toNanos(), TimeUnit.NANOSECONDS);
    }

    /// {@return whether it is gone, its children and folders too}
    boolean isGone() {
        return gone.getCount() == 0;
    }

    /// Ends it now, its children too.
    void kill() {
        ProcessTree.of(process).kill();
        close();
    }
}
