import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What a proxy costs, beside other proxies, in one run on one machine: the driver of
/// `scripts/bench`, which says how it is used (`scripts/bench --help`).
///
/// The proxies run on CPU 0; the load, the upstream and this driver on CPU 1. All systems are
/// started and warmed first and kept until the end. Then each scenario is run with one system after
/// the other, the others being halted, round for round, so that whatever else the machine does hits
/// all of them alike. Of the rounds the median counts.
public final class Bench {
    private final Options options;
    private final Tools tools;
    private final Results results = new Results();
    private final List<Target> targets = new ArrayList<>();
    private boolean hasFailed;

    private Bench(Options options, Tools tools) {
        this.options = options;
        this.tools = tools;
    }

    /// Exit codes: 0 measured, 1 a system failed, 2 an option is wrong.
    public static void main(String[] arguments) throws Exception {
        Options options;
        try {
            options = Options.parse(arguments);
        } catch (IllegalArgumentException e) {
            System.err.println("bench: " + e.getMessage() + " (scripts/bench --help)");
            System.exit(2);
            return;
        }
        if (options.isHelp()) {
            IO.println(Options.USAGE);
            return;
        }
        Path work = Files.createTempDirectory("ccproxy-bench");
        Runtime.getRuntime().addShutdownHook(new Thread(() -> Child.stopAll(work)));
        System.exit(measure(options, work) ? 0 : 1);
    }

    private static boolean measure(Options options, Path work) throws Exception {
        try (FileChannel file = FileChannel.open(options.tools().resolve("lock"), CREATE, WRITE)) {
            if (file.tryLock() == null) {
                say("waiting for another scripts/bench, which needs the same CPUs");
                file.lock();
            }
            Bench bench = new Bench(options, Tools.start(options.tools(), work));
            bench.run();
            return !bench.hasFailed;
        } catch (FailedException e) {
            System.err.println("bench: " + e.getMessage());
            return false;
        }
    }

    private void run() throws IOException, InterruptedException, FailedException {
        long begun = System.nanoTime();
        makeTargets();
        if (options.has(Scenario.START) || options.has(Scenario.IDLE)) measureStarts();
        List<Scenario> loads = options.scenarios().stream().filter(Scenario::isLoad).toList();
        if (!loads.isEmpty()) {
            for (Target target : List.copyOf(targets)) begin(target);
            for (int round = 1; round <= options.reps(); round++) measureRound(round, loads);
            targets.forEach(Target::stop);
        }
        results.put("seconds", (System.nanoTime() - begun) / 1_000_000_000);
        report();
    }

    private void makeTargets() throws IOException {
        for (String name : options.systems()) {
            try {
                targets.add(Systems.make(name, options, tools));
            } catch (FailedException e) {
                fail(name, e.getMessage());
            }
        }
    }

    /// A system that cannot be measured, or no longer: the others go on without it.
    private void fail(String system, String reason) {
        if (Child.isStopping()) return;
        hasFailed = true;
        results.fail(system, reason);
        System.err.println("bench: " + system + " is not available: " + reason);
        targets.removeIf(target -> target.name().equals(system));
    }

    private static void say(String what) {
        System.err.println("bench: " + what);
    }

    private void measureStarts() throws InterruptedException {
        // Round 0 does not count: the program may have to come from the disk.
        for (int round = 0; round <= options.starts(); round++) {
            say("start and idle, " + round + " of " + options.starts());
            for (Target target : List.copyOf(targets)) {
                if (!target.isUpstream()) measureStart(target, round);
            }
        }
    }

    private void measureStart(Target target, int round) throws InterruptedException {
        try {
            double onBoth = target.start(Target.BOTH_CPUS);
            target.stop();
            double millis = target.start(Target.PROXY_CPU);
            Thread.sleep(round == 0 ? 0 : 300);
            if (round > 0) {
                Map<String, Double> times =
                        Map.of("first_200_ms", millis, "first_200_ms_on_both", onBoth);
                results.add(target, Scenario.START, round, times);
                results.add(
                        target, Scenario.IDLE, round, Map.of("rss_mb", Proc.rssMb(target.pid())));
            }
        } catch (FailedException e) {
            fail(target.name(), e.getMessage());
        }
        target.stop();
    }

    private void begin(Target target) throws IOException, InterruptedException {
        try {
            say("warming " + target.name());
            target.start(Target.PROXY_CPU);
            boolean isWarm = Warming.warm(tools, target, options);
            if (!isWarm) warn(target.name() + " is measured before it has come to its full speed");
            target.freeze();
        } catch (FailedException e) {
            fail(target.name(), e.getMessage());
        }
    }

    private void measureRound(int round, List<Scenario> scenarios)
            throws IOException, InterruptedException {
        List<Target> order = new ArrayList<>(targets);
        Collections.rotate(order, -round + 1);
        for (Scenario scenario : scenarios) {
            say("round " + round + " of " + options.reps() + ": " + scenario);
            for (Target target : order) {
                // The upstream alone is asked once: it only shows that it is not what limits.
                if (!targets.contains(target) || (target.isUpstream() && round > 1)) continue;
                target.thaw();
                Thread.sleep(200); // for what it has put off
                measureOne(target, scenario, round);
                target.freeze();
            }
        }
    }

    private void measureOne(Target target, Scenario scenario, int round)
            throws IOException, InterruptedException {
        try {
            Foreign foreign = Foreign.begin();
            Map<String, Double> metrics =
                    new LinkedHashMap<>(scenario.run(tools, target, options.isQuick()));
            target.checkAlive();
            metrics.put("foreign_cores", foreign.cores());
            results.add(target, scenario, round, metrics);
            foreign.warning()
                    .ifPresent(text -> warn(target.name() + ", " + scenario + ": " + text));
        } catch (FailedException e) {
            fail(target.name(), scenario + ": " + target.reasonOfDeath().orElse(e.getMessage()));
            target.stop();
        }
    }

    private void warn(String text) {
        results.warn(text);
        say("warning: " + text);
    }

    private void report() throws IOException {
        results.put("date", LocalDateTime.now().format(DateTimeFormatter.ISO_LOCAL_DATE_TIME));
        results.put("cpu", Proc.cpuModel());
        results.put("kernel", System.getProperty("os.version"));
        results.put("systems", options.systems());
        results.put("builds", options.builds().stream().map(Build::toString).toList());
        results.put("reps", options.reps());
        results.put("quick", options.isQuick());
        IO.println(new Table(results, options).markdown());
        Path parent = options.json().toAbsolutePath().getParent();
        if (parent != null) Files.createDirectories(parent);
        Files.writeString(options.json(), Json.text(results.all()) + "\n");
        say("all numbers are in " + options.json());
    }
}
