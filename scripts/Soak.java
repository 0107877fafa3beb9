// A server under mixed load for minutes, and whether anything of it grows; see scripts/soak.
//
// Thirty-two clients ask the echo model, on both faces, in events and whole, in sessions and not;
// they leave in the middle or before the first event, read slowly, send garbage, ask for failures,
// and each answer must be what was asked for. Every 15 seconds all pause, and when the server is
// quiet its heap (after a full collection), memory, threads, descriptors and processes are noted.
// From minute 2 on none of them may grow: the median of the last third of the samples is compared
// with that of the first. Exits 1 if one grew or an answer was wrong.

static final int CLIENTS = 32;
static final Duration SAMPLE_EVERY = Duration.ofSeconds(15);

record Sample(double minute, double heapMb, double rssMb, long threads, long descriptors, long processes) {}

/// What may be more at the end than at the beginning: noise, not growth.
record Limit(String name, Function<Sample, Number> of, double share, double more) {}

static final List<Limit> LIMITS = List.of(
        new Limit("heap after GC, MB", Sample::heapMb, 0.05, 1),
        new Limit("resident memory, MB", Sample::rssMb, 0.10, 8),
        new Limit("threads", Sample::threads, 0, 2),
        new Limit("descriptors", Sample::descriptors, 0, 2),
        new Limit("processes", Sample::processes, 0, 0));

int port;
long pid;
String java;
final AtomicLong rounds = new AtomicLong();
final Map<String, LongAdder> outcomes = new ConcurrentSkipListMap<>();
final Queue<String> wrong = new ConcurrentLinkedQueue<>();
/// A permit a client at work; whoever holds all has them pause.
final Semaphore work = new Semaphore(CLIENTS, true);
volatile boolean isOver;

void main(String[] arguments) throws Exception {
    System.exit(run(arguments));
}

int run(String[] arguments) throws Exception {
    int minutes = arguments.length > 1 ? Integer.parseUnsignedInt(arguments[1]) : 10;
    java = Path.of(System.getProperty("java.home"), "bin").toString();
    Path state = Files.createTempDirectory("ccproxy-soak");
    Process server = start(Path.of(arguments[0]), state);
    Runtime.getRuntime().addShutdownHook(new Thread(server::destroyForcibly));
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int i = 0; i < CLIENTS; i++) threads.submit(this::client);
        List<Sample> samples = watch(minutes);
        isOver = true;
        return verdict(samples) ? 0 : 1;
    } finally {
        isOver = true;
        server.destroy();
        if (!server.waitFor(30, TimeUnit.SECONDS)) server.destroyForcibly();
        delete(state);
    }
}

Process start(Path root, Path state) throws IOException {
    var builder = new ProcessBuilder(java + "/java", "@" + root.resolve("scripts/java.options"), "-Xmx192m",
            "-jar", root.resolve("target/ccproxy.jar").toString(), "--backend", "echo", "--port", "0", "--ping", "200ms",
            "--session-idle-ttl", "10s");
    builder.environment().keySet().removeIf(name -> name.startsWith("CCPROXY_"));
    builder.environment().put("XDG_STATE_HOME", state.toString());
    Process server = builder.redirectError(state.resolve("log").toFile()).start();
    String ready = String.valueOf(server.inputReader().readLine());
    if (!ready.contains("listening on")) throw new IOException("it did not start: " + ready);
    port = Integer.parseInt(ready.replaceFirst(".*:(\\d+) .*", "$1"));
    pid = server.pid();
    System.out.println(ready);
    return server;
}

void client() {
    while (!isOver) {
        work.acquireUninterruptibly();
        try {
            round();
        } catch (Exception e) {
            wrong.add(e.toString());
        } finally {
            work.release();
        }
    }
}

/// One of everything that clients do, by turns.
void round() throws Exception {
    int n = (int) (rounds.getAndIncrement() % Integer.MAX_VALUE);
    // A session lasts some forty turns, and is forgotten ten seconds later.
    String path = (n % 5 == 0 ? "/soak-" + n / 200 : "") + (n % 2 == 0 ? "/v1/chat/completions" : "/v1/messages");
    boolean isStream = n / 2 % 3 > 0;
    switch (n / 6 % 12) {
        case 0, 1, 2, 3 -> expect("whole", ask(path, words(n % 400), isStream), answer -> isWhole(answer));
        case 4 -> expect("refused", ask(path, echo("error", "{\"status\":529,\"type\":\"overloaded_error\",\"message\":\"busy\"}"), isStream),
                answer -> answer.contains("\"busy\"") && !isWhole(answer));
        case 5 -> expect("failed", ask(path, echo("error_after", "3"), true), answer -> answer.contains("error") && !isWhole(answer));
        case 6 -> expect("cut", ask(path, echo("cut_after", "3"), true), answer -> answer.contains("error") && !isWhole(answer));
        case 7 -> leave("left before", path, "{\"first_delay_ms\":2000}", 0);
        case 8 -> leave("left in between", path, "{\"delta_count\":200,\"delta_delay_ms\":5,\"text\":\"a b c\"}", 900);
        case 9 -> expect("garbage", exchange("POST " + path, "{\"model\":"), answer -> answer.startsWith("HTTP/1.1 400"));
        case 10 -> expect("slowly read", ask(path, "{\"delta_count\":50,\"delta_delay_ms\":2,\"text\":\"a b\"}", true), answer -> isWhole(answer));
        default -> other(n);
    }
}

void other(int n) throws IOException {
    switch (n % 5) {
        case 0 -> expect("models", exchange("GET /v1/models", ""), answer -> answer.startsWith("HTTP/1.1 200"));
        case 1 -> expect("health", exchange("GET /health/ready", ""), answer -> answer.startsWith("HTTP/1.1 200"));
        case 2 -> expect("metrics", exchange("GET /metrics", ""), answer -> answer.startsWith("HTTP/1.1 200"));
        case 3 -> expect("nowhere", exchange("GET /nowhere-" + n, ""), answer -> answer.startsWith("HTTP/1.1 404"));
        default -> expect("session ended", exchange("DELETE /sessions/soak-" + (n / 200 - 100), ""),
                answer -> answer.startsWith("HTTP/1.1 200") || answer.startsWith("HTTP/1.1 404"));
    }
}

static String words(int count) {
    return "{\"text\":\"" + "word ".repeat(count + 1).strip() + "\"}";
}

static String echo(String key, String value) {
    return "{\"text\":\"a b c d e f\",\"" + key + "\":" + value + "}";
}

/// Whether an answer says that it is whole: in events, or as one body of its length.
static boolean isWhole(String answer) {
    if (!answer.startsWith("HTTP/1.1 200")) return false;
    return answer.contains("text/event-stream")
            ? answer.contains("data: [DONE]") || answer.contains("event: message_stop")
            : answer.contains("\"stop_reason\":\"") || answer.contains("\"finish_reason\":\"");
}

void expect(String outcome, String answer, Predicate<String> isRight) {
    outcomes.computeIfAbsent(outcome, _ -> new LongAdder()).increment();
    if (!isRight.test(answer)) wrong.add(outcome + ": " + ends(answer));
}

/// What tells most of an answer: how it begins and how it ends.
static String ends(String answer) {
    int shown = 500;
    if (answer.length() <= 2 * shown) return answer;
    return answer.substring(0, shown) + " … " + answer.substring(answer.length() - shown);
}

String ask(String path, String script, boolean isStream) throws IOException {
    return exchange("POST " + path, body(script, isStream));
}

static String body(String script, boolean isStream) {
    String said = "/echo " + script;
    return "{\"model\":\"claude-sonnet-5\",\"max_tokens\":4000,\"stream\":" + isStream
            + ",\"messages\":[{\"role\":\"user\",\"content\":\"" + said.replace("\\", "\\\\").replace("\"", "\\\"") + "\"}]}";
}

static byte[] request(String line, String body) {
    return (line + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
            + body.length() + "\r\n\r\n" + body).getBytes(StandardCharsets.ISO_8859_1);
}

/// Everything that the server says to a request, to the end of the connection.
String exchange(String line, String body) throws IOException {
    try (var socket = new Socket("127.0.0.1", port)) {
        socket.setSoTimeout(30_000);
        socket.getOutputStream().write(request(line, body));
        // Without the sizes of its chunks, one of which may stand within a word; events have no other CR.
        return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1)
                .replaceAll("\r\n[0-9a-f]+\r\n", "");
    }
}

/// Reads so many bytes and is gone, without a word every other time.
void leave(String outcome, String path, String script, int bytes) throws IOException {
    outcomes.computeIfAbsent(outcome, _ -> new LongAdder()).increment();
    try (var socket = new Socket("127.0.0.1", port)) {
        socket.setSoTimeout(30_000);
        socket.getOutputStream().write(request("POST " + path, body(script, true)));
        socket.getInputStream().readNBytes(bytes);
        if (rounds.get() % 2 == 0) socket.setSoLinger(true, 0);
    }
}

List<Sample> watch(int minutes) throws Exception {
    var samples = new ArrayList<Sample>();
    long begin = System.nanoTime();
    long end = begin + Duration.ofMinutes(minutes).toNanos();
    System.out.printf("%7s %10s %10s %8s %12s %10s %12s%n", "minute", "heap MB", "RSS MB", "threads", "descriptors", "processes", "requests");
    while (System.nanoTime() < end && wrong.size() < 100) {
        Thread.sleep(SAMPLE_EVERY);
        work.acquireUninterruptibly(CLIENTS);
        try {
            samples.add(sample((System.nanoTime() - begin) / 60e9));
        } finally {
            work.release(CLIENTS);
        }
        Sample now = samples.getLast();
        System.out.printf(Locale.ROOT, "%7.2f %10.1f %10.1f %8d %12d %10d %12d%n", now.minute, now.heapMb, now.rssMb,
                now.threads, now.descriptors, now.processes, rounds.get());
    }
    return samples;
}

/// What the server holds when nobody asks: answers whose clients left end within two pings.
Sample sample(double minute) throws Exception {
    Thread.sleep(Duration.ofSeconds(2));
    jcmd("GC.run");
    double used = Pattern.compile("used ([0-9]+)K").matcher(jcmd("GC.heap_info")).results()
            .limit(2).mapToDouble(match -> Long.parseLong(match.group(1)) / 1024.0).sum();
    return new Sample(minute, used, status("VmRSS") / 1024.0, status("Threads"),
            Path.of("/proc/" + pid + "/fd").toFile().list().length, ProcessHandle.of(pid).orElseThrow().descendants().count());
}

String jcmd(String command) throws Exception {
    Process process = new ProcessBuilder(java + "/jcmd", Long.toString(pid), command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0) throw new IOException("jcmd " + command + ": " + said);
    return said;
}

long status(String name) throws IOException {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream().filter(line -> line.startsWith(name + ":"))
            .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", ""))).findFirst().orElseThrow();
}

boolean verdict(List<Sample> samples) {
    System.out.println("outcomes: " + outcomes);
    boolean isRight = wrong.isEmpty();
    if (!isRight) System.out.println(wrong.size() + " wrong, the first:");
    wrong.stream().limit(5).forEach(what -> System.out.println("WRONG " + what));
    List<Sample> steady = samples.stream().filter(sample -> sample.minute >= 2).toList();
    if (steady.size() < 6) {
        System.out.println("no verdict on growth: fewer than six samples from minute 2 on");
        return isRight;
    }
    int third = steady.size() / 3;
    for (Limit limit : LIMITS) {
        double first = median(steady.subList(0, third), limit);
        double last = median(steady.subList(steady.size() - third, steady.size()), limit);
        boolean isFlat = last <= first * (1 + limit.share) + limit.more;
        System.out.printf(Locale.ROOT, "%-20s %8.1f -> %8.1f  %s%n", limit.name, first, last, isFlat ? "flat" : "GREW");
        isRight &= isFlat;
    }
    return isRight;
}

static double median(List<Sample> samples, Limit limit) {
    return samples.stream().mapToDouble(sample -> limit.of.apply(sample).doubleValue()).sorted()
            .skip((samples.size() - 1) / 2).findFirst().orElseThrow();
}

static void delete(Path folder) throws IOException {
    try (Stream<Path> paths = Files.walk(folder)) {
        for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) Files.deleteIfExists(path);
    }
}
