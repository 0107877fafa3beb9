import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/// The processes that this one has started. None of them outlives it.
final class Child {
    private static final List<Process> STARTED = new ArrayList<>();
    private static final List<ProcessHandle> DESCENDANTS = new ArrayList<>();
    private static boolean isStopping;

    private Child() {}

    static synchronized Process start(ProcessBuilder builder) throws FailedException {
        if (isStopping) throw new FailedException("stopped");
        try {
            Process process = builder.start();
            STARTED.removeIf(earlier -> !earlier.isAlive());
            STARTED.add(process);
            return process;
        } catch (IOException e) {
            throw new FailedException(e.getMessage());
        }
    }

    /// Notes what descends from a process, so that it ends too if the process dies by itself.
    static synchronized void rememberDescendants(Process process) {
        DESCENDANTS.addAll(process.descendants().toList());
    }

    /// Whether this process ends, and whatever fails now is no wonder.
    static synchronized boolean isStopping() {
        return isStopping;
    }

    static void stop(Process process) {
        stop(List.of(process));
    }

    /// At the end of this process, also by ctrl-C.
    static synchronized void stopAll(Path work) {
        isStopping = true;
        stop(STARTED);
        DESCENDANTS.forEach(ProcessHandle::destroyForcibly);
        awaitEnd(DESCENDANTS, 2);
        delete(work);
    }

    /// Ends processes and what descends from them, by force if it takes longer than three seconds.
    private static void stop(List<Process> processes) {
        List<ProcessHandle> all = new ArrayList<>();
        for (Process process : processes) {
            if (!process.isAlive()) continue;
            all.addAll(process.descendants().toList());
            all.add(process.toHandle());
            Proc.thaw(process.pid());
            process.destroy();
        }
        awaitEnd(all, 3);
        all.forEach(ProcessHandle::destroyForcibly);
        awaitEnd(all, 2);
    }

    private static void awaitEnd(List<ProcessHandle> processes, int seconds) {
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        try {
            while (processes.stream().anyMatch(ProcessHandle::isAlive) && System.nanoTime() < end)
                Thread.sleep(10);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void delete(Path folder) {
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList())
                Files.deleteIfExists(path);
        } catch (IOException | UncheckedIOException e) {
            System.err.println("bench: cannot delete " + folder + ": " + e.getMessage());
        }
    }
}
