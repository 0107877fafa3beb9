import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The programs that put load on a system and that answer behind it. They run where the driver
/// runs, on CPU 1.
record Tools(Path programs, Path work, int upstreamPort) {
    private static final Pattern NUMBER = Pattern.compile("\"(\\w+)\":(-?[0-9.]+)");
    private static final Pattern ERROR = Pattern.compile("\"error\":\"([^\"]+)\"");
    private static final int BODY_BYTES = 240;

    /// Streams that are asked for: `count` at once, begun within `rampMillis`; `seconds` of them,
    /// or if that is 0 each `rounds` times.
    record Streams(
            int count, int events, int delayMillis, int rounds, int seconds, int rampMillis) {}

    static Tools start(Path programs, Path work) throws IOException, FailedException {
        ProcessBuilder builder = new ProcessBuilder(programs.resolve("upstream").toString());
        Process upstream =
                Child.start(builder.redirectError(work.resolve("upstream.log").toFile()));
        BufferedReader out =
                new BufferedReader(
                        new InputStreamReader(
                                upstream.getInputStream(), StandardCharsets.US_ASCII));
        String port = out.readLine();
        if (port == null) throw new FailedException("the upstream does not start");
        return new Tools(programs, work, Integer.parseInt(port));
    }

    /// The path of a program; servers are in `sbin`, which not everyone's PATH has.
    static String program(String name) throws FailedException {
        List<String> folders =
                new ArrayList<>(List.of(System.getenv().getOrDefault("PATH", "").split(":")));
        folders.addAll(List.of("/usr/local/sbin", "/usr/sbin", "/sbin"));
        for (String folder : folders) {
            Path path = Path.of(folder, name);
            if (Files.isExecutable(path)) return path.toString();
        }
        throw new FailedException("there is no program " + name);
    }

    /// A request of 240 bytes that both APIs understand. The upstream finds the marker in it, which
    /// says what to answer.
    static String body(String marker) {
        String begin =
                "{\"model\":\"claude-sonnet-4-5\",\"max_tokens\":1024,%s\"messages\":[{\"role\":\"user\",\"content\":\"%s"
                        .formatted(marker.startsWith("shape-") ? "\"stream\":true," : "", marker);
        String end = "\"}]}";
        return begin
                + " Tell me.".repeat(40).substring(0, BODY_BYTES - begin.length() - end.length())
                + end;
    }

    static byte[] request(Target target, String body) {
        List<String> lines = new ArrayList<>();
        lines.add("POST " + target.path() + " HTTP/1.1");
        lines.add("Host: 127.0.0.1:" + target.port());
        lines.add("Content-Type: application/json");
        lines.add("Connection: close");
        lines.addAll(target.headers());
        lines.add("Content-Length: " + body.length());
        return (String.join("\r\n", lines) + "\r\n\r\n" + body)
                .getBytes(StandardCharsets.ISO_8859_1);
    }

    /// Runs streams; what `streams.c` reports.
    Map<String, Double> streams(Target target, Streams streams)
            throws IOException, InterruptedException, FailedException {
        Path body = target.folder().resolve("body.json");
        Files.writeString(
                body, body("shape-%dx%dms".formatted(streams.events(), streams.delayMillis())));
        int seconds =
                streams.seconds()
                        + streams.rounds() * streams.events() * streams.delayMillis() / 1000
                        + 20;
        List<String> command =
                new ArrayList<>(
                        List.of(programs.resolve("streams").toString(), "--body", body.toString()));
        option(command, "--port", target.port());
        option(command, "--path", target.path());
        option(command, "--streams", streams.count());
        option(command, "--events", streams.events());
        option(command, "--ramp", streams.rampMillis());
        option(command, "--deadline", seconds);
        if (streams.seconds() > 0) option(command, "--seconds", streams.seconds());
        else option(command, "--rounds", streams.rounds());
        target.headers().forEach(header -> option(command, "--header", header));
        String report = run(target, command, seconds + 10);
        Matcher error = ERROR.matcher(report);
        if (error.find())
            System.err.println("bench: " + target.name() + ", first error: " + error.group(1));
        return numbers(report);
    }

    private static void option(List<String> command, String name, Object value) {
        command.add(name);
        command.add(value.toString());
    }

    /// Requests that are answered whole: so many connections ask as fast as they can.
    Map<String, Double> requests(Target target, int connections, double seconds, String marker)
            throws IOException, InterruptedException, FailedException {
        Path script = target.folder().resolve("wrk.lua");
        StringBuilder lua =
                new StringBuilder("wrk.method = 'POST'\nwrk.body = [[" + body(marker) + "]]\n");
        lua.append("wrk.headers['Content-Type'] = 'application/json'\n");
        for (String header : target.headers()) {
            String[] parts = header.split(": ", 2);
            lua.append("wrk.headers['%s'] = '%s'%n".formatted(parts[0], parts[1]));
        }
        lua.append(
                """
                done = function(summary, latency)
                    local e = summary.errors
                    local broken = e.connect + e.read + e.write + e.timeout
                    io.write(string.format('{"requests":%d,"errors":%d,"duration_us":%d,"bytes":%d,'
                        .. '"latency_p50_us":%d,"latency_p99_us":%d}\\n', summary.requests - e.status,
                        broken + e.status, summary.duration, summary.bytes,
                        latency:percentile(50), latency:percentile(99)))
                end
                """);
        Files.writeString(script, lua);
        List<String> command =
                List.of(
                        "wrk",
                        "-t1",
                        "-c" + connections,
                        "-d" + Math.max(1, Math.round(seconds)) + "s",
                        "--timeout",
                        "10s",
                        "-s",
                        script.toString(),
                        "http://127.0.0.1:" + target.port() + target.path());
        Map<String, Double> numbers = numbers(run(target, command, (int) seconds + 20));
        numbers.put("requests_per_s", numbers.get("requests") / numbers.get("duration_us") * 1e6);
        return numbers;
    }

    private static String run(Target target, List<String> command, int seconds)
            throws IOException, InterruptedException, FailedException {
        Path out = target.folder().resolve("load.out");
        Process process =
                Child.start(
                        new ProcessBuilder(command)
                                .redirectErrorStream(true)
                                .redirectOutput(out.toFile()));
        if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
            Child.stop(process);
            throw new FailedException(command.getFirst() + " did not end");
        }
        String text = Files.readString(out);
        if (process.exitValue() != 0 || !text.contains("{"))
            throw new FailedException(command.getFirst() + ": " + text.strip());
        return text.substring(text.indexOf('{'));
    }

    private static Map<String, Double> numbers(String json) {
        Map<String, Double> numbers = new TreeMap<>();
        for (Matcher found = NUMBER.matcher(json); found.find(); )
            numbers.put(found.group(1), Double.valueOf(found.group(2)));
        return numbers;
    }
}
