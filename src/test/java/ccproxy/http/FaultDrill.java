package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.claude.FakeCli;
import ccproxy.wire.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// The program under faults, in a process of its own, between a raw client and an upstream that
/// does as it is told. After each fault [#survived] asks on both faces as if nothing had been, and
/// looks for what may be left: processes, files, threads, descriptors. What it saw stands in
/// `target/faults.tsv`, a line each: case, what the client saw, what was found afterwards.
final class FaultDrill implements AutoCloseable {
    private static final Path REPORT = Path.of("target", "faults.tsv");

    /// What the JVM starts and ends as it pleases; the rest is ours.
    private static final List<String> OWN_THREADS_OF_THE_JVM =
            List.of(
                    "C1 ",
                    "C2 ",
                    "GC ",
                    "G1 ",
                    "VM ",
                    "java",
                    "ForkJoinPool",
                    "Read-",
                    "process r",
                    "MasterPoller");

    private static final List<String> OWN_DESCRIPTORS_OF_THE_JVM =
            List.of(".jar", "/jvm/", "/dev/", "anon_inode");

    /// What the drill's server is made with.
    ///
    /// @param prefix a command that starts it, `setpriv` for one
    /// @param jvm flags of the JVM
    /// @param variables of its environment
    record Setup(List<String> prefix, List<String> jvm, Map<String, String> variables) {
        static final Setup PLAIN = new Setup(List.of(), List.of("-Xmx128m"), Map.of());

        Setup jvm(String... more) {
            var all = new ArrayList<>(jvm);
            all.addAll(List.of(more));
            return new Setup(prefix, all, variables);
        }

        Setup with(String... command) {
            return new Setup(List.of(command), jvm, variables);
        }

        Setup variable(String name, String value) {
            var all = new TreeMap<>(variables);
            all.put(name, value);
            return new Setup(prefix, jvm, all);
        }
    }

    private final Path folder;
    private final FakeUpstream upstream;
    private final Program program;
    private final Backend backend;
    private volatile FakeUpstream.Script script = FaultDrill::fine;
    private Left before;

    /// Who answers what is asked between the faults.
    enum Backend {
        API("", "Good day"),
        ECHO("/echo", "hello"),
        SDK("/sdk", "hello");

        final String prefix;
        final String answer;

        Backend(String prefix, String answer) {
            this.prefix = prefix;
            this.answer = answer;
        }
    }

    /// What a process holds.
    private record Left(
            long children,
            TreeMap<String, Integer> files,
            TreeMap<String, Integer> threads,
            TreeMap<String, Integer> descriptors) {
        /// {@return what is here and was not there before}
        List<String> since(Left before) {
            var more = new ArrayList<String>();
            if (children > before.children) more.add(children - before.children + " processes");
            more(more, before.files, files);
            more(more, before.threads, threads);
            more(more, before.descriptors, descriptors);
            return more;
        }

        private static void more(
                List<String> more, Map<String, Integer> before, Map<String, Integer> now) {
            now.forEach((name, n) -> {
                int count = n - before.getOrDefault(name, 0);
                if (count > 0) more.add(count + " × " + name);
            });
        }
    }

    FaultDrill(Path folder, String... arguments) throws IOException {
        this(folder, Backend.API, Setup.PLAIN, arguments);
    }

    /// @param folder for its working directory, its log, its state and its temporary files
    FaultDrill(Path folder, Backend backend, Setup setup, String... arguments) throws IOException {
        this.folder = folder;
        this.backend = backend;
        upstream = FakeUpstream.of(c -> script.answer(c));
        var jvm = new ArrayList<>(setup.jvm());
        jvm.add("-Djava.io.tmpdir=" + Files.createDirectories(folder.resolve("tmp")));
        var all = new ArrayList<>(List.of(arguments));
        var usual = Map.of("--backend", "api", "--ping", "100ms", "--timeout-idle", "2s");
        usual.forEach((flag, value) -> add(all, flag, value));
        add(all, "--timeout-first-event", "3s");
        add(all, "--api-base-url", upstream.url());
        program =
                new Program(
                        folder,
                        setup.prefix(),
                        Program.command(jvm, all.toArray(String[]::new)),
                        setup.variables());
        try {
            // What a first request leaves for good is no fault's: classes, pools, the log's thread.
            ask();
            before = left();
        } catch (IOException | RuntimeException | AssertionError e) {
            close();
            throw e;
        }
    }

    private static void add(List<String> arguments, String flag, String value) {
        if (!arguments.contains(flag)) arguments.addAll(List.of(flag, value));
    }

    /// What the upstream does from now on.
    FaultDrill upstream(FakeUpstream.Script script) {
        this.script = script;
        return this;
    }

    FakeUpstream upstream() {
        return upstream;
    }

    Program program() {
        return program;
    }

    RawClient raw() {
        return program.raw();
    }

    /// {@return how many requests the upstream has had}
    int asked() {
        return upstream.requests().size();
    }

    /// Answers as the API does.
    static void fine(FakeUpstream.Connection connection) throws IOException {
        if (!Json.tree(connection.request.body()).path("stream").asBoolean(false)) {
            connection.json(200, FakeUpstream.MESSAGE);
            return;
        }
        connection.stream();
        connection.chunk(FakeUpstream.START);
        connection.text("Good day");
        connection.chunk(FakeUpstream.END);
    }

    /// The next requests are answered as ever, and nothing is left of the fault.
    ///
    /// @param name of the case
    /// @param saw what its client saw
    void survived(String name, String saw) throws IOException {
        script = FaultDrill::fine;
        ask();
        var more = new ArrayList<String>();
        Eventually.isTrue(
                () -> name + ": nothing is left, found " + more,
                () -> {
                    more.clear();
                    more.addAll(left().since(before));
                    return more.isEmpty();
                });
        String line = String.join("\t", name, saw.strip(), "next request 200, nothing left") + "\n";
        Files.writeString(REPORT, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /// Asks on both faces, whole and streamed.
    private void ask() throws IOException {
        for (Api api : Api.values()) {
            String path = backend.prefix + api.path;
            try (RawClient client = raw()) {
                RawClient.Answer whole = client.post(path, api.body("hello")).answer();
                assertEquals(200, whole.status(), whole.body());
                assertEquals(backend.answer, api.text(whole.body()));
                RawClient.Answer stream = client.post(path, api.stream("hello")).answer();
                assertTrue(api.isWhole(stream.body()), stream.body());
                assertEquals(backend.answer, api.streamedText(stream.body()));
            }
        }
    }

    private Left left() throws IOException {
        Path process = Path.of("/proc", Long.toString(program.handle().pid()));
        return new Left(
                program.handle().descendants().filter(p -> FakeCli.isAlive(p.pid())).count(),
                files(),
                threads(process),
                descriptors(process));
    }

    /// By their names without what is counted up or drawn by lot; the state is what should stay.
    private TreeMap<String, Integer> files() throws IOException {
        var files = new TreeMap<String, Integer>();
        try (Stream<Path> all = Files.walk(folder.resolve("tmp"))) {
            all.forEach(f -> files.merge("file " + numberless(f.toString()), 1, Integer::sum));
        } catch (java.io.UncheckedIOException e) {
            // A file that went while we looked: then there will be another look.
            files.put(e.toString(), 1);
        }
        return files;
    }

    private static String numberless(String name) {
        return name.replaceAll("\\d+", "#");
    }

    private static TreeMap<String, Integer> threads(Path process) throws IOException {
        var threads = new TreeMap<String, Integer>();
        for (String task : names(process.resolve("task"))) {
            try {
                String name = Files.readString(process.resolve("task/" + task + "/comm"));
                if (OWN_THREADS_OF_THE_JVM.stream().noneMatch(name::startsWith))
                    threads.merge("thread " + kind(name), 1, Integer::sum);
            } catch (IOException _) {
                // It has ended.
            }
        }
        return threads;
    }

    /// What comes before its number: of a name the kernel keeps the first fifteen bytes, and so the
    /// more of its end, the fewer digits a process has.
    private static String kind(String thread) {
        return thread.strip().split("\\d", 2)[0];
    }

    private static TreeMap<String, Integer> descriptors(Path process) throws IOException {
        var descriptors = new TreeMap<String, Integer>();
        for (String number : names(process.resolve("fd"))) {
            try {
                Path file = Files.readSymbolicLink(process.resolve("fd/" + number));
                // Sockets and pipes are all alike; the JDK opens its own when it comes to it.
                String kind = file.toString().replaceFirst(":\\[.*", "");
                if (OWN_DESCRIPTORS_OF_THE_JVM.stream().noneMatch(kind::contains))
                    descriptors.merge("descriptor " + kind, 1, Integer::sum);
            } catch (IOException _) {
                // It is closed.
            }
        }
        return descriptors;
    }

    private static List<String> names(Path folder) {
        String[] names = folder.toFile().list();
        return names == null ? List.of() : Arrays.asList(names);
    }

    /// {@return what a client of `api` gets for a question, or how it failed}
    String seen(Api api, boolean isStream) throws IOException {
        return seen(api, isStream, "", "hello");
    }

    /// {@return the same for another question on another prefix}
    String seen(Api api, boolean isStream, String prefix, String text) throws IOException {
        String body = isStream ? api.stream(text) : api.body(text);
        try (RawClient client = raw()) {
            return seen(client.post(prefix + api.path, body).answer(), api, isStream);
        }
    }

    private static String seen(RawClient.Answer answer, Api api, boolean isStream) {
        if (answer.status() != 200) return answer.status() + " " + api.error(answer.body());
        boolean isWhole =
                isStream ? api.isWhole(answer.body()) : !api.text(answer.body()).isEmpty();
        if (isWhole) return "a whole answer";
        return "a stream that ends with: " + api.error(last(answer.body()));
    }

    private static String last(String stream) {
        String[] lines = stream.strip().split("\n");
        return lines[lines.length - 1].replaceFirst("^data: ", "");
    }

    /// {@return whether the server has closed a connection that it never said anything on}
    static boolean isClosed(RawClient client) {
        try {
            client.socket().setSoTimeout(1);
            return client.socket().getInputStream().read() < 0;
        } catch (java.net.SocketTimeoutException _) {
            return false;
        } catch (IOException _) {
            return true;
        }
    }

    /// {@return how many objects of the JDK's server's class of this name are alive}
    long instances(String name) throws IOException {
        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
        String pid = Long.toString(program.handle().pid());
        Process asked = new ProcessBuilder(jcmd, pid, "GC.class_histogram").start();
        try (var lines = asked.inputReader().lines()) {
            return lines.filter(line -> line.contains("sun.net.httpserver." + name + " "))
                    .mapToLong(line -> Long.parseLong(line.strip().split("\\s+")[1]))
                    .findFirst()
                    .orElse(0);
        }
    }

    /// {@return the program's processor time so far, in milliseconds}
    long cpuMillis() {
        return program.handle().info().totalCpuDuration().orElseThrow().toMillis();
    }

    /// {@return the most memory that the program has had, in MB}
    long peakMegabytes() throws IOException {
        String status = Files.readString(Path.of("/proc/" + program.handle().pid() + "/status"));
        String line = status.lines().filter(l -> l.startsWith("VmHWM")).findFirst().orElseThrow();
        return Long.parseLong(line.replaceAll("\\D", "")) >> 10;
    }

    @Override
    public void close() throws IOException {
        List<ProcessHandle> all = program.handle().descendants().toList();
        program.close();
        program.handle().onExit().orTimeout(20, TimeUnit.SECONDS).join();
        all.forEach(ProcessHandle::destroyForcibly);
        upstream.close();
    }
}
