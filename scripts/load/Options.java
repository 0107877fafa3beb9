import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// What the command line asks for.
record Options(
        List<String> systems,
        List<Scenario> scenarios,
        List<Build> builds,
        int reps,
        boolean isQuick,
        boolean isHelp,
        String base,
        Path json,
        Path tools) {

    static final String USAGE =
            """
            scripts/bench [options]: what proxies cost, side by side, as one table. About five minutes.

            --systems LIST     of: direct (the upstream itself), nginx, haproxy, ccproxy (Messages),
                               ccproxy-chat (Chat Completions), portkey (installs it by npm);
                               default direct,nginx,haproxy,ccproxy,ccproxy-chat
            --scenarios LIST   of: start, idle, rps64, stream1, stream500, stream2000, saturated,
                               bytes, burst2000; default all
            --reps N           rounds, of which the median counts; default 3
            --quick            one short round: a look, not a verdict
            --jar [LABEL=]FILE         the jar to measure instead of target/ccproxy.jar; with a label
                                       beside it, as ccproxy:LABEL and ccproxy-chat:LABEL
            --image [LABEL=]DIR        the same with a jlink image, whose bin/ccproxy is run
            --java-flags [LABEL=]FLAGS flags of the JVM; a label that has no jar or image means the
                                       jar that is measured anyway, once more with these flags
            --base NAME        whose numbers are 1.00 in the ratios; default nginx, else the first
            --json FILE        where all numbers go; default target/bench-TIME.json
            --install          as root: first installs what is missing from Debian's packages
            --help             this

            Two builds:   scripts/bench --jar old=/tmp/old.jar
            Two GCs:      scripts/bench --java-flags g1=-XX:+UseG1GC
            Exit codes: 0 measured, 1 a system failed, 2 an option is wrong.\
            """;

    private static final List<String> BASES =
            List.of("direct", "nginx", "haproxy", "ccproxy", "ccproxy-chat", "portkey");

    Options {
        systems = List.copyOf(systems);
        scenarios = List.copyOf(scenarios);
        builds = List.copyOf(builds);
    }

    /// @throws IllegalArgumentException with a message for people
    static Options parse(String[] arguments) {
        return new Parser(arguments).options();
    }

    boolean has(Scenario scenario) {
        return scenarios.contains(scenario);
    }

    int starts() {
        return isQuick ? 2 : 5;
    }

    int minWarmSeconds() {
        return 12;
    }

    int maxWarmSeconds() {
        return isQuick ? 25 : 150;
    }

    Build build(String label) {
        return builds.stream()
                .filter(build -> build.label().equals(label))
                .findFirst()
                .orElseThrow();
    }

    private static final class Parser {
        private final Path root =
                Path.of(System.getProperty("bench.root", ".")).toAbsolutePath().normalize();
        private final Map<String, Build> builds = new LinkedHashMap<>();
        private final Map<String, String> flags = new LinkedHashMap<>();
        private List<String> systems =
                List.of("direct", "nginx", "haproxy", "ccproxy", "ccproxy-chat");
        private List<Scenario> scenarios = List.of(Scenario.values());
        private int reps;
        private boolean isQuick;
        private boolean isHelp;
        private String base = "";
        private Path json = root.resolve("target/bench-" + time() + ".json");

        Parser(String[] arguments) {
            builds.put("", new Build("", root.resolve("target/ccproxy.jar"), null, ""));
            for (int i = 0; i < arguments.length; i++) {
                switch (arguments[i]) {
                    case "--help", "-h" -> isHelp = true;
                    case "--quick" -> isQuick = true;
                    default -> {
                        if (!arguments[i].startsWith("--"))
                            throw new IllegalArgumentException("not understood: " + arguments[i]);
                        take(arguments[i], i + 1 < arguments.length ? arguments[i + 1] : null);
                        i++;
                    }
                }
            }
        }

        private static String time() {
            return LocalDateTime.now().format(DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss"));
        }

        private void take(String name, String value) {
            switch (name) {
                case "--systems" -> systems = list(name, value);
                case "--scenarios" ->
                        scenarios =
                                list(name, value).stream().map(Scenario::of).distinct().toList();
                case "--reps" -> reps = number(name, value);
                case "--jar" -> addBuild(name, value, true);
                case "--image" -> addBuild(name, value, false);
                case "--java-flags" -> flags.put(label(value(name, value)), afterLabel(value));
                case "--base" -> base = value(name, value);
                case "--json" -> json = Path.of(value(name, value));
                default -> throw new IllegalArgumentException("no such option: " + name);
            }
        }

        private static String value(String name, String value) {
            if (value == null) throw new IllegalArgumentException(name + " needs a value");
            return value;
        }

        private static List<String> list(String name, String value) {
            List<String> items = List.of(value(name, value).split(","));
            if (items.isEmpty()) throw new IllegalArgumentException(name + " is empty");
            return items;
        }

        private static int number(String name, String value) {
            if (!value(name, value).matches("[1-9][0-9]?")) {
                throw new IllegalArgumentException(
                        name + " is a number from 1 to 99, not " + value);
            }
            return Integer.parseInt(value);
        }

        /// `old` of `old=/tmp/old.jar`; empty if there is none.
        private static String label(String value) {
            return value.matches("[A-Za-z0-9._-]*=.*") && !value.startsWith("-")
                    ? value.substring(0, value.indexOf('='))
                    : "";
        }

        private static String afterLabel(String value) {
            return label(value).isEmpty() ? value : value.substring(value.indexOf('=') + 1);
        }

        private void addBuild(String name, String value, boolean isJar) {
            String label = label(value(name, value));
            Path path = Path.of(afterLabel(value)).toAbsolutePath();
            Path program = isJar ? path : path.resolve("bin/ccproxy");
            if (!Files.isRegularFile(program))
                throw new IllegalArgumentException(name + ": there is no " + program);
            if (!label.isEmpty() && builds.containsKey(label))
                throw new IllegalArgumentException("two builds are named " + label);
            builds.put(label, new Build(label, isJar ? path : null, isJar ? null : path, ""));
        }

        private void addFlags(String label, String javaFlags) {
            Build first = builds.get("");
            Build build =
                    builds.getOrDefault(label, new Build(label, first.jar(), first.image(), ""));
            builds.put(label, build.withFlags(javaFlags));
        }

        /// Each system once, with `ccproxy` meaning all builds.
        private List<String> expanded() {
            Set<String> names = new LinkedHashSet<>();
            for (String system : systems) {
                int colon = system.indexOf(':');
                String plain = colon < 0 ? system : system.substring(0, colon);
                if (!BASES.contains(plain))
                    throw new IllegalArgumentException(
                            "no such system: "
                                    + system
                                    + "; there are "
                                    + String.join(", ", BASES));
                boolean hasBuilds = plain.startsWith("ccproxy");
                if (colon >= 0 && !(hasBuilds && builds.containsKey(system.substring(colon + 1)))) {
                    throw new IllegalArgumentException("no such build: " + system);
                }
                if (colon < 0 && hasBuilds)
                    builds.values().forEach(build -> names.add(build.nameOf(plain)));
                else names.add(system);
            }
            return new ArrayList<>(names);
        }

        Options options() {
            flags.forEach(this::addFlags);
            List<String> names = expanded();
            if (base.isEmpty()) {
                base =
                        names.contains("nginx")
                                ? "nginx"
                                : names.stream()
                                        .filter(name -> !name.equals("direct"))
                                        .findFirst()
                                        .orElse("direct");
            }
            if (!names.contains(base))
                throw new IllegalArgumentException("--base " + base + " is not among the systems");
            int rounds = reps > 0 ? reps : isQuick ? 1 : 3;
            Path tools = Path.of(System.getProperty("bench.tools", "."));
            return new Options(
                    names,
                    scenarios,
                    new ArrayList<>(builds.values()),
                    rounds,
                    isQuick,
                    isHelp,
                    base,
                    json,
                    tools);
        }
    }
}
