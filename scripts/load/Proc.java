import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;

/// What Linux tells of a process and its descendants, and is told.
final class Proc {
    private static final MethodHandle CLOCK_GETTIME =
            Linker.nativeLinker()
                    .downcallHandle(
                            Linker.nativeLinker().defaultLookup().findOrThrow("clock_gettime"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS));

    private static final MethodHandle KILL =
            Linker.nativeLinker()
                    .downcallHandle(
                            Linker.nativeLinker().defaultLookup().findOrThrow("kill"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT));
    private static final int SIGCONT = 18;
    private static final int SIGSTOP = 19;

    private Proc() {}

    /// Halts a tree, so that it takes nothing of what is measured.
    static void freeze(long pid) {
        signal(pid, SIGSTOP);
    }

    static void thaw(long pid) {
        signal(pid, SIGCONT);
    }

    private static void signal(long pid, int signal) {
        tree(pid)
                .forEach(each -> {
                    try {
                        int _ = (int) KILL.invokeExact((int) each, signal);
                    } catch (Throwable e) {
                        throw new IllegalStateException(e);
                    }
                });
    }

    /// A process and all that descend from it.
    static LongStream tree(long pid) {
        return ProcessHandle.of(pid)
                .map(handle ->
                        LongStream.concat(
                                LongStream.of(pid),
                                handle.descendants().mapToLong(ProcessHandle::pid)))
                .orElse(LongStream.empty());
    }

    /// CPU time of a tree so far, in seconds.
    static double cpuSeconds(long pid) {
        return tree(pid).mapToDouble(Proc::clock).sum();
    }

    /// The CPU clock of one process. `/proc/PID/stat` says the same, but in steps of 10 ms, which
    /// is more than a stream costs.
    private static double clock(long pid) {
        int clockId = (int) (~pid << 3) | 2; // what clock_getcpuclockid gives
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment time = arena.allocate(16);
            int error = (int) CLOCK_GETTIME.invokeExact(clockId, time);
            if (error != 0) return 0;
            return time.get(ValueLayout.JAVA_LONG, 0) + time.get(ValueLayout.JAVA_LONG, 8) / 1e9;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    /// CPU time that the compilers of a JVM have taken so far, in seconds; without that of threads
    /// of theirs that have ended, which the JVM does once they have rested.
    static double compilerSeconds(long pid) {
        double ticks = 0;
        try (var threads = Files.newDirectoryStream(Path.of("/proc/" + pid + "/task"))) {
            for (Path thread : threads) {
                for (String line : lines(thread.resolve("stat"))) {
                    if (!line.matches("[0-9]+ \\(C[12] CompilerThre.*")) continue;
                    String[] fields = line.substring(line.lastIndexOf(')') + 2).split(" ");
                    ticks += Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
                }
            }
        } catch (IOException e) {
            return 0; // It has ended.
        }
        return ticks / 100; // A tick is 10 ms, as everywhere on Linux.
    }

    static double rssMb(long pid) {
        return tree(pid).mapToDouble(each -> status(each, "VmRSS:")).sum();
    }

    /// The highest that it was since [#resetPeak(long)].
    static double peakMb(long pid) {
        return tree(pid).mapToDouble(each -> status(each, "VmHWM:")).sum();
    }

    static void resetPeak(long pid) {
        tree(pid)
                .forEach(each -> {
                    try {
                        Files.writeString(Path.of("/proc/" + each + "/clear_refs"), "5");
                    } catch (IOException e) {
                        // It has ended, or is another user's: then the peak is that of its whole
                        // life.
                    }
                });
    }

    private static double status(long pid, String name) {
        for (String line : lines(Path.of("/proc/" + pid + "/status"))) {
            if (line.startsWith(name))
                return Integer.parseInt(line.replaceAll("[^0-9]", "")) / 1024.0;
        }
        return 0;
    }

    static String cpuModel() {
        return lines(Path.of("/proc/cpuinfo")).stream()
                .filter(line -> line.startsWith("model name"))
                .map(line -> line.replaceFirst("^[^:]*: ", ""))
                .findFirst()
                .orElse("unknown");
    }

    /// Nothing if there is no such file, as when a process has just ended.
    static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file, java.nio.charset.StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
            return List.of();
        }
    }
}
