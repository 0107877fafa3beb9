package ccproxy.http;

import ccproxy.wire.Json;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// The Anthropic API as a plain socket, a virtual thread a connection, one answer a connection:
/// what it says, when it says it and when its client leaves is in the test's hands.
final class FakeUpstream implements AutoCloseable {
    /// A whole answer.
    static final String MESSAGE =
            """
            {"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5","content":[{"type":"text","text":"Good day"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}}\
            """;

    static final String START =
            """
            event: message_start
            data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}}

            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

            """;

    static final String END =
            """
            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":2}}

            event: message_stop
            data: {"type":"message_stop"}

            """;

    /// What one request is answered with.
    interface Script {
        void answer(Connection connection) throws Exception;
    }

    /// A request as it came.
    record Request(String head, String body) {
        String header(String name) {
            return head.lines()
                    .filter(line -> line.toLowerCase(Locale.ROOT).startsWith(name + ":"))
                    .map(line -> line.substring(name.length() + 1).strip())
                    .findFirst()
                    .orElse("");
        }
    }

    private final ServerSocket listener;
    private final Script script;
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private final List<Connection> connections = new CopyOnWriteArrayList<>();
    private final java.util.Set<Socket> open = ConcurrentHashMap.newKeySet();

    private FakeUpstream(Script script) throws IOException {
        this.script = script;
        this.listener = new ServerSocket(0, 1000, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    static FakeUpstream of(Script script) throws IOException {
        return new FakeUpstream(script);
    }

    String url() {
        return "http://127.0.0.1:" + listener.getLocalPort();
    }

    List<Request> requests() {
        return requests;
    }

    /// {@return the connection of the n-th request, once it is there}
    Connection connection(int n) {
        Eventually.isTrue("request " + n, () -> connections.size() > n);
        return connections.get(n);
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                open.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException _) {
            // Closed.
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            var connection = new Connection(socket);
            requests.add(connection.request);
            connections.add(connection);
            Thread.ofVirtual().start(connection::watch);
            script.answer(connection);
            connection.finish();
        } catch (IOException | UncheckedIOException _) {
            // The client left.
        } catch (Exception e) {
            throw new IllegalStateException(e);
        } finally {
            open.remove(socket);
        }
    }

    /// One request and its answer.
    static final class Connection {
        private final InputStream in;
        private final OutputStream out;
        private final CountDownLatch left = new CountDownLatch(1);
        private final CountDownLatch go = new CountDownLatch(1);
        final Request request;
        private boolean isChunked;

        private Connection(Socket socket) throws IOException {
            in = new BufferedInputStream(socket.getInputStream());
            out = socket.getOutputStream();
            var head = new ByteArrayOutputStream();
            while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
                int c = in.read();
                if (c < 0) throw new IOException("no request");
                head.write(c);
            }
            String text = head.toString(StandardCharsets.ISO_8859_1);
            String length = new Request(text, "").header("content-length");
            byte[] body = in.readNBytes(length.isEmpty() ? 0 : Integer.parseInt(length));
            request = new Request(text, new String(body, StandardCharsets.UTF_8));
        }

        private void watch() {
            try {
                while (in.read() >= 0) {}
            } catch (IOException _) {
                // As good as an end.
            }
            left.countDown();
        }

        /// {@return whether our client closed the connection, within a time}
        boolean isLeftWithinMillis(long millis) throws InterruptedException {
            return left.await(millis, TimeUnit.MILLISECONDS);
        }

        /// Lets the script go on from [#await].
        void go() {
            go.countDown();
        }

        /// Waits for [#go], or until the client has left.
        void await() throws InterruptedException {
            while (!go.await(5, TimeUnit.MILLISECONDS)) if (left.getCount() == 0) return;
        }

        /// Answers with JSON.
        void json(int status, String body, String... headers) throws IOException {
            byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
            write(head(status, "application/json", headers) + "content-length: " + bytes.length);
            write("\r\n\r\n" + body);
        }

        /// Writes as it stands.
        void raw(String text) throws IOException {
            write(text);
        }

        /// Ends without the end that was promised.
        void cut() throws IOException {
            isChunked = false;
        }

        /// Begins a stream.
        void stream(String... headers) throws IOException {
            isChunked = true;
            write(head(200, "text/event-stream", headers) + "transfer-encoding: chunked\r\n\r\n");
        }

        private static String head(int status, String type, String... headers) {
            var head = new StringBuilder("HTTP/1.1 " + status + " X\r\nconnection: close\r\n");
            head.append("content-type: ").append(type).append("\r\n");
            for (int i = 0; i < headers.length; i += 2)
                head.append(headers[i]).append(": ").append(headers[i + 1]).append("\r\n");
            return head.toString();
        }

        /// Sends a piece of a stream.
        void chunk(String text) throws IOException {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            write(Integer.toHexString(bytes.length) + "\r\n" + text + "\r\n");
        }

        /// Sends a piece of the answer's text.
        void text(String text) throws IOException {
            chunk(delta(text));
        }

        static String delta(String text) {
            return """
            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":%s}}

            """
                    .formatted(new String(Json.quoted(text), StandardCharsets.UTF_8));
        }

        private void write(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.UTF_8));
            out.flush();
        }

        private void finish() throws IOException {
            if (isChunked) write("0\r\n\r\n");
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : open) socket.close();
    }
}
