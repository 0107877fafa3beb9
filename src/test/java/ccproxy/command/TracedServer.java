package ccproxy.command;

import ccproxy.http.Eventually;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// `serve` within the test, with the echo model, on a free port, tracing to a folder; closed, every
/// trace is written.
final class TracedServer implements AutoCloseable {
    private final Signals signals = new Signals();
    private final Thread thread;
    private final int port;
    private String key = "any";

    /// @param traces none for an empty path
    TracedServer(Run run, Path traces, String... flags) {
        var all = new ArrayList<>(List.of("--port", "0", "--backend", "echo"));
        if (!traces.toString().isEmpty()) all.addAll(List.of("--trace-dir", traces.toString()));
        all.addAll(List.of(flags));
        Args args = Args.parse(all);
        thread =
                Thread.ofVirtual()
                        .start(() -> new ServeCommand(args, run.surroundings()).run(signals));
        Eventually.isTrue("ready", () -> run.out().contains("(backend: echo)"));
        port = Integer.parseInt(run.out().replaceFirst("(?s).*127\\.0\\.0\\.1:(\\d+) .*", "$1"));
    }

    /// Shows a key from now on.
    TracedServer as(String key) {
        this.key = key;
        return this;
    }

    /// {@return the status of an answer, which is read}
    int post(String path, String body) {
        try {
            HttpURLConnection connection = open(path, body);
            int status = connection.getResponseCode();
            try (var in =
                    status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
                in.readAllBytes();
            } catch (IOException _) {
                // It broke off, as it was asked to.
            }
            return status;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Leaves after the first bytes of an answer, and waits until the server has seen it.
    void leave(String path, String body) {
        try (var socket = new java.net.Socket("127.0.0.1", port)) {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            String head =
                    "POST "
                            + path
                            + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                            + bytes.length
                            + "\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.UTF_8));
            socket.getOutputStream().write(bytes);
            var read = new StringBuilder();
            while (read.indexOf("\"a \"") < 0) read.append((char) socket.getInputStream().read());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private HttpURLConnection open(String path, String body) throws IOException {
        var url = URI.create("http://127.0.0.1:" + port + path).toURL();
        var connection = (HttpURLConnection) url.openConnection();
        connection.setRequestProperty("content-type", "application/json");
        if (!key.equals("any")) connection.setRequestProperty("x-api-key", key);
        connection.setDoOutput(true);
        connection.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
        return connection;
    }

    @Override
    public void close() {
        signals.ask(Signals.Asked.STOP);
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
