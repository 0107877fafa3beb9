import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// What processes that are not of this benchmark took of the CPUs while it measured.
///
/// Read from each process rather than as `/proc/stat` minus ours: how that splits the network's
/// work between processes and interrupts differs from kernel to kernel.
final class Foreign {
    private static final double TICKS_PER_SECOND = 100; // USER_HZ, on every Linux
    private static final double LIMIT_CORES = 0.10;

    /// Of one process: its name, and CPU ticks of itself and of children it has waited for.
    private record Use(String name, long own, long children) {}

    private final Map<Long, Use> before = uses();
    private final long begun = System.nanoTime();
    private double cores = -1;
    private String worst = "";

    private Foreign() {}

    static Foreign begin() {
        return new Foreign();
    }

    /// Cores, since the beginning.
    double cores() {
        if (cores >= 0) return cores;
        Map<Long, Use> after = uses();
        double ticks = total(after) - total(before);
        cores = Math.max(0, ticks / TICKS_PER_SECOND / ((System.nanoTime() - begun) / 1e9));
        long most = 0;
        for (Map.Entry<Long, Use> entry : after.entrySet()) {
            Use was = before.get(entry.getKey());
            long ticksOfOne = entry.getValue().own() - (was == null ? 0 : was.own());
            if (ticksOfOne <= most) continue;
            most = ticksOfOne;
            worst = ", most of it " + entry.getValue().name() + " (process " + entry.getKey() + ")";
        }
        return cores;
    }

    Optional<String> warning() {
        if (cores() <= LIMIT_CORES) return Optional.empty();
        return Optional.of(
                "other processes used %.0f %% of a core%s".formatted(cores() * 100, worst));
    }

    private static double total(Map<Long, Use> uses) {
        return uses.values().stream().mapToLong(use -> use.own() + use.children()).sum();
    }

    private static Map<Long, Use> uses() {
        Set<Long> ours =
                Proc.tree(ProcessHandle.current().pid()).boxed().collect(Collectors.toSet());
        Map<Long, Use> uses = new HashMap<>();
        ProcessHandle.allProcesses()
                .map(ProcessHandle::pid)
                .filter(pid -> !ours.contains(pid))
                .forEach(pid ->
                        Proc.lines(Path.of("/proc/" + pid + "/stat")).stream()
                                .findFirst()
                                .ifPresent(line -> put(uses, pid, line)));
        return uses;
    }

    private static void put(Map<Long, Use> uses, long pid, String line) {
        int end = line.lastIndexOf(')'); // a name may contain anything
        String[] fields = line.substring(end + 2).split(" ");
        boolean isKernel = pid == 2 || fields[1].equals("2"); // works for whoever uses the network
        if (isKernel) return;
        long own = Long.parseLong(fields[11]) + Long.parseLong(fields[12]);
        long children = Long.parseLong(fields[13]) + Long.parseLong(fields[14]);
        uses.put(pid, new Use(line.substring(line.indexOf('(') + 1, end), own, children));
    }
}
