import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What ccproxy adds to the Claude Code CLI, measured in one run on this machine:
///
/// ```
/// java scripts/CliLoad.java CLAUDE [RUNS]
/// ```
///
/// `CLAUDE` is the program (`scripts/claude-cli 2.1.330` prints where it is); the upstream of every
/// measurement is ccproxy's own echo model. Prints medians and 90th percentiles in milliseconds:
///
/// - the time to the first delta, cold (with the start of the CLI) and warm, of the CLI alone and
///   by way of ccproxy;
/// - the latency that ccproxy adds to an event, from the CLI's pipe to the client's socket: a
///   stand-in for the CLI writes the time into each event;
/// - the memory of ccproxy with eight live sessions.
void main(String[] arguments) throws Exception {
    if (arguments.length > 0 && arguments[0].equals("--stand-in")) {
        standIn();
        return;
    }
    if (arguments.length == 0) {
        System.err.println("usage: java scripts/CliLoad.java CLAUDE [RUNS]");
        System.exit(2);
    }
    Path claude = Path.of(arguments[0]).toAbsolutePath();
    int runs = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 15;
    Path home = Files.createTempDirectory("cli-load-");
    try (var echo = Server.start(home, Map.of(), "--backend", "echo")) {
        Map<String, String> user = user(home, echo.url + "/echo");
        System.out.printf(Locale.ROOT, "%-52s %8s %8s%n", "ms", "p50", "p90");
        print("first delta, cold: CLI alone", cold(claude, user, runs));
        try (var sdk = Server.start(home, user, sdk(claude, 0))) {
            // Another system text each time: no process can have been told it before.
            var cold = new ArrayList<Double>();
            for (int i = 0; i < runs; i++) cold.add(sdk.firstDelta("cold " + i, ""));
            print("first delta, cold: through ccproxy (sdk.warm 0)", cold);
        }
        print("first delta, warm: CLI alone", warm(claude, user, runs));
        try (var sdk = Server.start(home, user, sdk(claude, 1))) {
            Thread.sleep(3000);
            var fresh = new ArrayList<Double>();
            for (int i = 0; i < runs; i++) {
                fresh.add(sdk.firstDelta("fresh " + i, ""));
                Thread.sleep(2500);
            }
            print("first delta, warm: through ccproxy, new system text", fresh);
            sdk.firstDelta("same", "");
            var warm = new ArrayList<Double>();
            for (int i = 0; i < runs; i++) {
                Thread.sleep(500);
                warm.add(sdk.firstDelta("same", ""));
            }
            print("first delta, warm: through ccproxy, same system text", warm);
        }
        try (var sdk = Server.start(home, user, sdk(claude, 1))) {
            for (int i = 0; i < 8; i++) sdk.firstDelta("same", "s" + i);
            for (int i = 0; i < 8; i++) sdk.firstDelta("same", "s" + i);
            System.out.printf(
                    Locale.ROOT,
                    "memory with 8 sessions: ccproxy %d MB, its %d CLI processes %d MB%n",
                    sdk.memoryMegabytes(),
                    sdk.children(),
                    sdk.childrenMegabytes());
        }
    }
    added(home, runs);
}

/// One server of ours.
static final class Server implements AutoCloseable {
    static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();

    final Process process;
    final String url;

    Server(Process process, String url) {
        this.process = process;
        this.url = url;
    }

    static Server start(Path home, Map<String, String> environment, String... flags)
            throws IOException {
        String java = ProcessHandle.current().info().command().orElse("java");
        var command = new ArrayList<>(List.of(java, "-jar", "target/ccproxy.jar", "--port", "0"));
        command.addAll(List.of(flags));
        Path config = home.resolve("ccproxy.json");
        Files.writeString(config, "{}");
        command.addAll(List.of("--config", config.toString()));
        var builder = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
        builder.environment().keySet().removeIf(name -> name.matches("(ANTHROPIC|CCPROXY)_.*"));
        builder.environment().putAll(environment);
        Process process = builder.start();
        Matcher ready =
                Pattern.compile("http://[^ ]+").matcher(process.inputReader().readLine());
        if (!ready.find()) throw new IOException("the server did not start");
        return new Server(process, ready.group());
    }

    /// {@return milliseconds from the request to its first text}
    double firstDelta(String system, String session) throws Exception {
        String body =
                """
                {"model":"claude-sonnet-4-5","max_tokens":100,"stream":true,"system":"%s",
                 "messages":[{"role":"user","content":"Good day to you"}]}"""
                        .formatted(system);
        String path = (session.isEmpty() ? "" : "/" + session) + "/v1/messages";
        var request =
                HttpRequest.newBuilder(URI.create(url + path))
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build();
        long asked = System.nanoTime();
        double first = -1;
        var answer = CLIENT.send(request, HttpResponse.BodyHandlers.ofLines());
        for (String line : (Iterable<String>) answer.body()::iterator) {
            if (first < 0 && line.contains("text_delta")) first = millisSince(asked);
        }
        if (first < 0) throw new IOException("no text: status " + answer.statusCode());
        return first;
    }

    long memoryMegabytes() throws IOException {
        return memory(process.toHandle());
    }

    long children() {
        return process.descendants().count();
    }

    long childrenMegabytes() throws IOException {
        long sum = 0;
        for (ProcessHandle child : process.descendants().toList()) sum += memory(child);
        return sum;
    }

    private static long memory(ProcessHandle process) throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/" + process.pid() + "/status"))) {
            if (line.startsWith("VmRSS:")) return Long.parseLong(line.replaceAll("\\D", "")) >> 10;
        }
        return 0;
    }

    @Override
    public void close() throws InterruptedException {
        process.destroy();
        process.waitFor();
    }
}

static String[] sdk(Path claude, int warm) {
    return new String[] {
        "--backend", "sdk", "--sdk-path", claude.toString(), "--sdk-warm", Integer.toString(warm)
    };
}

static Map<String, String> user(Path home, String upstream) {
    var user = new HashMap<String, String>();
    user.put("HOME", home.toString());
    user.put("CLAUDE_CONFIG_DIR", home.resolve(".claude").toString());
    user.put("XDG_STATE_HOME", home.resolve("state").toString());
    user.put("ANTHROPIC_API_KEY", "dummy");
    user.put("ANTHROPIC_BASE_URL", upstream);
    user.put("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
    return user;
}

/// The CLI as ccproxy starts it, without ccproxy.
static Process alone(Path claude, Map<String, String> user) throws IOException {
    var builder =
            new ProcessBuilder(
                            claude.toString(),
                            "--output-format",
                            "stream-json",
                            "--input-format",
                            "stream-json",
                            "--verbose",
                            "--include-partial-messages",
                            "--setting-sources=",
                            "--strict-mcp-config",
                            "--system-prompt",
                            "Be kind",
                            "--tools",
                            "",
                            "--model",
                            "claude-sonnet-4-5",
                            "--thinking",
                            "disabled",
                            "--no-session-persistence")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .directory(Files.createTempDirectory("cli-load-work-").toFile());
    builder.environment().putAll(user);
    builder.environment().put("CLAUDE_CODE_DISABLE_ATTACHMENTS", "1");
    return builder.start();
}

static void ask(Process process) throws IOException {
    String line =
            """
            {"type":"user","session_id":"","parent_tool_use_id":null,"message":{"role":"user","content":"Good day to you"}}
            """;
    process.getOutputStream().write(line.getBytes(StandardCharsets.UTF_8));
    process.getOutputStream().flush();
}

/// Reads to the end of the turn; milliseconds from `since` to the first text.
static double read(BufferedReader lines, long since) throws IOException {
    double first = -1;
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (first < 0 && line.contains("text_delta")) first = millisSince(since);
        if (line.contains("\"type\":\"result\"")) return first;
    }
    throw new IOException("the CLI ended");
}

static List<Double> cold(Path claude, Map<String, String> user, int runs) throws Exception {
    var cold = new ArrayList<Double>();
    for (int i = 0; i < runs; i++) {
        long started = System.nanoTime();
        Process process = alone(claude, user);
        ask(process);
        cold.add(read(process.inputReader(), started));
        process.destroy();
        process.waitFor();
    }
    return cold;
}

static List<Double> warm(Path claude, Map<String, String> user, int runs) throws Exception {
    Process process = alone(claude, user);
    BufferedReader lines = process.inputReader();
    ask(process);
    read(lines, System.nanoTime());
    var warm = new ArrayList<Double>();
    for (int i = 0; i < runs; i++) {
        Thread.sleep(500);
        long asked = System.nanoTime();
        ask(process);
        warm.add(read(lines, asked));
    }
    process.destroy();
    process.waitFor();
    return warm;
}

/// The stand-in for the CLI: answers with 400 events, 5 ms apart, each with the time in it.
static void standIn() throws Exception {
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in));
    Pattern id = Pattern.compile("\"request_id\":\"([^\"]+)\"");
    for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (line.contains("control_request")) {
            Matcher found = id.matcher(line);
            found.find();
            out.println(
                    "{\"type\":\"control_response\",\"response\":{\"subtype\":\"success\",\"request_id\":\""
                            + found.group(1)
                            + "\",\"response\":{}}}");
        } else if (line.contains("/clear")) {
            out.println("{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"total_cost_usd\":0}");
        } else {
            out.println("{\"type\":\"system\",\"subtype\":\"init\"}");
            event(out, "{\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],\"usage\":{\"input_tokens\":1}}}");
            event(out, "{\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}");
            for (int i = 0; i < 400; i++) {
                Thread.sleep(5);
                event(out, "{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"at:" + micros() + ":\"}}");
            }
            event(out, "{\"type\":\"content_block_stop\",\"index\":0}");
            event(out, "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":1}}");
            event(out, "{\"type\":\"message_stop\"}");
            out.println("{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":false,\"total_cost_usd\":0}");
        }
    }
}

static void event(PrintStream out, String event) {
    out.println("{\"type\":\"stream_event\",\"event\":" + event + ",\"parent_tool_use_id\":null}");
}

static long micros() {
    var now = Instant.now();
    return now.getEpochSecond() * 1_000_000 + now.getNano() / 1000;
}

/// What lies between the stand-in's pipe and the client's socket.
static void added(Path home, int runs) throws Exception {
    Path program = home.resolve("claude");
    String java = ProcessHandle.current().info().command().orElse("java");
    String script =
            """
            #!/bin/sh
            case "$1" in --version) echo "2.1.330 (Claude Code)"; exit;; esac
            exec %s -XX:TieredStopAtLevel=1 %s --stand-in
            """
                    .formatted(java, Path.of("scripts/CliLoad.java").toAbsolutePath());
    Files.writeString(program, script);
    program.toFile().setExecutable(true);
    try (var sdk = Server.start(home, user(home, "http://127.0.0.1:1"), sdk(program, 1))) {
        latency(sdk, "/v1/messages", 1);
        print("added to an event, Messages", latency(sdk, "/v1/messages", Math.min(runs, 5)));
        print(
                "added to an event, Chat Completions",
                latency(sdk, "/v1/chat/completions", Math.min(runs, 5)));
    }
}

static List<Double> latency(Server sdk, String path, int runs) throws Exception {
    Pattern at = Pattern.compile("at:(\\d+):");
    var late = new ArrayList<Double>();
    for (int i = 0; i < runs; i++) {
        String body =
                "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":100,\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"go\"}]}";
        var request =
                HttpRequest.newBuilder(URI.create(sdk.url + path))
                        .timeout(Duration.ofSeconds(60))
                        .header("content-type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build();
        HttpResponse<InputStream> answer =
                Server.CLIENT.send(request, HttpResponse.BodyHandlers.ofInputStream());
        try (var lines =
                new BufferedReader(new InputStreamReader(answer.body()))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Matcher found = at.matcher(line);
                if (found.find()) late.add((micros() - Long.parseLong(found.group(1))) / 1000.0);
            }
        }
    }
    return late;
}

static double millisSince(long nanos) {
    return (System.nanoTime() - nanos) / 1e6;
}

static void print(String what, List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    System.out.printf(
            Locale.ROOT,
            "%-52s %8.2f %8.2f%n",
            what,
            sorted[sorted.length / 2],
            sorted[(int) (sorted.length * 0.9)]);
}
