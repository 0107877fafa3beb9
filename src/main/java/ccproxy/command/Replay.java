package ccproxy.command;

import ccproxy.claude.Backends;
import ccproxy.claude.RecordedTrace;
import ccproxy.http.Server;
import ccproxy.observe.Secrets;
import ccproxy.wire.TracedAnswer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// One traced request, asked once more: by a client of its own, of a server of its own on a free
/// port of this machine, with the settings of the trace. Nobody else is asked.
final class Replay {
    /// Nothing that is played waits.
    private static final int READ_MILLIS_MAX = 30_000;

    private final RecordedTrace trace;

    Replay(RecordedTrace trace) {
        this.trace = trace;
    }

    /// {@return where it went another way than recorded, a line each}
    ///
    /// @throws CommandException when the settings of the trace are none
    List<String> differences() {
        try {
            Path folder = Files.createTempDirectory("ccproxy-replay-");
            try {
                return differences(folder);
            } finally {
                try (var files = Files.walk(folder)) {
                    for (Path file : files.sorted(Comparator.reverseOrder()).toList())
                        Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw new CommandException(ExitCode.FAILED, "cannot be replayed: " + e);
        }
    }

    private List<String> differences(Path folder) throws IOException {
        // Neither the settings nor the state of who replays has a say in it.
        var around = new Surroundings(Map.of(), folder, folder, nowhere(), nowhere());
        Config config = ConfigLoader.load(settings(folder), around);
        check(config);
        var lines = new ArrayList<String>();
        try (Backends backends = Backends.played(config.claude(around), trace.recording());
                Server server = new Server(config.server(), backends)) {
            server.start();
            TracedAnswer found = ask(server.port());
            for (String line : trace.recording().differences())
                lines.add("upstream-request.json " + line);
            for (String line : trace.answer().differences(found, trace.isWhole()))
                lines.add("response " + line);
        }
        return lines;
    }

    /// A trace may come from a stranger: it says how to convert, and nothing of what to run or whom
    /// to ask.
    private static void check(Config config) {
        var own = List.of(Keys.PORT.name(), Keys.PING.name());
        for (String name : config.namesSet()) {
            if (own.contains(name) || Config.isShaping(name)) continue;
            String message =
                    "request.json: settings: expected what shapes an answer, found " + name;
            throw new CommandException(ExitCode.USAGE, message);
        }
    }

    private Args settings(Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("settings.json"), trace.settings());
        var flags = new HashMap<>(Map.of(Args.CONFIG, file.toString()));
        flags.put(Keys.PORT.flag(), "0");
        // Only where one was needed before the first event does a ping come.
        flags.put(Keys.PING.flag(), trace.recording().isPausing() ? "1ms" : "1h");
        return new Args(Subcommand.SERVE, flags, List.of());
    }

    private static PrintStream nowhere() {
        return new PrintStream(OutputStream.nullOutputStream());
    }

    private TracedAnswer ask(int port) throws IOException {
        var url = URI.create("http://127.0.0.1:" + port + trace.target()).toURL();
        var connection = (HttpURLConnection) url.openConnection(Proxy.NO_PROXY);
        try {
            connection.setInstanceFollowRedirects(false);
            connection.setReadTimeout(READ_MILLIS_MAX);
            connection.setRequestMethod(trace.method());
            trace.headers().forEach(connection::setRequestProperty);
            if (trace.body().length > 0) {
                // Without one it would name that of a form.
                if (!trace.headers().containsKey("content-type"))
                    connection.setRequestProperty("content-type", "application/json");
                connection.setDoOutput(true);
                connection.getOutputStream().write(trace.body());
            }
            int status = connection.getResponseCode();
            var headers = new HashMap<String, List<String>>();
            connection
                    .getHeaderFields()
                    .forEach((name, values) -> {
                        if (name != null) headers.put(name, values);
                    });
            return TracedAnswer.of(status, headers, masked(body(connection, status)));
        } finally {
            connection.disconnect();
        }
    }

    /// As in the trace: what came in pieces may be a token only when they are put together.
    private static byte[] masked(byte[] body) {
        String text = new String(body, StandardCharsets.ISO_8859_1);
        return Secrets.maskTokens(text).getBytes(StandardCharsets.ISO_8859_1);
    }

    /// An answer that failed in its middle may break off: what came is what the client got.
    private static byte[] body(HttpURLConnection connection, int status) {
        var body = new ByteArrayOutputStream();
        try (InputStream in =
                status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            if (in != null) in.transferTo(body);
        } catch (IOException _) {
            // The end.
        }
        return body.toByteArray();
    }
}
