import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The processes that this one has started. None of them outlives it.
final class Child {
    private static final List<Process> STARTED = new ArrayList<>();
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

    /// Ends a process and its children, by force if it takes longer than three seconds.
    static void stop(Process process) {
        if (!process.isAlive()) return;
        Proc.thaw(process.pid());
        List<ProcessHandle> all = new ArrayList<>(process.descendants().toList());
        all.add(process.toHandle());
        process.destroy();
        try {
            process.waitFor(3, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        all.forEach(ProcessHandle::destroyForcibly);
    }

    /// At the end of this process, also by ctrl-C.
    static synchronized void stopAll(Path work) {
        isStopping = true;
        for (Process process : STARTED) {
            Proc.thaw(process.pid());
            process.destroy();
        }
        STARTED.forEach(Child::stop);
        delete(work);
    }

    private static void delete(Path folder) {
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(path);
        } catch (IOException | UncheckedIOException e) {
            System.err.println("bench: cannot delete " + folder + ": " + e.getMessage());
        }
    }
}
