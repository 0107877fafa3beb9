import java.io.IOException;
import java.util.Map;

/// Load before anything is measured, so that a JVM has compiled what it will run: of all kinds,
/// round after round, until a request costs no less than it did in the round before, and the
/// compiler rests: while it has a long list before it, nothing gets faster for rounds, and then all
/// of it at once.
///
/// On one CPU that takes a while, since the compiler needs that CPU too: half of it for half a
/// minute. A JVM that is measured earlier seems ten times as slow as it is.
final class Warming {
    private static final double STILL_FASTER = 0.93;
    private static final double STILL_COMPILING = 0.05;

    /// What a round took of the system.
    ///
    /// @param cost CPU seconds for a request
    /// @param compiling the share of its CPU time that went to its compiler
    private record Round(double cost, double compiling) {}

    private Warming() {}

    /// @return whether it came to that within the time
    static boolean warm(Tools tools, Target target, Options options)
            throws IOException, InterruptedException, FailedException {
        if (target.isUpstream()) return true;
        if (!target.isJvm()) {
            tools.requests(target, 16, 1, "");
            return true;
        }
        long begun = System.nanoTime();
        double before = Double.MAX_VALUE;
        while (seconds(begun) < options.maxWarmSeconds()) {
            Round round = round(tools, target);
            target.checkAlive();
            boolean isSteady =
                    round.cost() > before * STILL_FASTER && round.compiling() < STILL_COMPILING;
            if (isSteady && seconds(begun) > options.minWarmSeconds()) return true;
            before = Math.min(before, round.cost());
        }
        return false;
    }

    private static double seconds(long begun) {
        return (System.nanoTime() - begun) / 1e9;
    }

    /// About six seconds.
    private static Round round(Tools tools, Target target)
            throws IOException, InterruptedException, FailedException {
        double compilerBegun = Proc.compilerSeconds(target.pid());
        double cpuBegun = Proc.cpuSeconds(target.pid());
        tools.streams(target, new Tools.Streams(16, 1000, 0, 0, 1, 0));
        tools.streams(target, new Tools.Streams(100, 50, 20, 1, 0, 100));
        tools.requests(target, 16, 1, "size-131072");
        double cpuBefore = Proc.cpuSeconds(target.pid());
        Map<String, Double> numbers = tools.requests(target, 64, 2, "");
        double cpuEnded = Proc.cpuSeconds(target.pid());
        double cost = (cpuEnded - cpuBefore) / Math.max(1, numbers.get("requests"));
        double compiled = Proc.compilerSeconds(target.pid()) - compilerBegun;
        return new Round(cost, compiled / (cpuEnded - cpuBegun));
    }
}
