package ccproxy.command;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// A server made of sockets: its `/health` is ccproxy's, to everything else it answers the same
/// bytes and closes, or says nothing.
final class PlayedServer implements AutoCloseable {
    /// Says nothing, and holds the connection.
    static final String SILENCE = "";

    private static final String HEALTH =
            "HTTP/1.1 200 OK\r\ncontent-length: 19\r\nconnection: close\r\n\r\n{\"backend\": \"echo\"}";

    private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<Socket> held = new CopyOnWriteArrayList<>();
    private final List<String> heads = new CopyOnWriteArrayList<>();
    private final byte[] answer;

    PlayedServer(String answer) throws IOException {
        this(answer.getBytes(StandardCharsets.ISO_8859_1));
    }

    PlayedServer(byte[] answer) throws IOException {
        this.answer = answer;
        Thread.ofVirtual().start(this::accept);
    }

    /// {@return a stream's answer: these events}
    static String stream(String... events) {
        return answer("200 OK", "text/event-stream", String.join("", events));
    }

    static String answer(String status, String type, String body) {
        return "HTTP/1.1 %s\r\ncontent-type: %s\r\ncontent-length: %d\r\n\r\n%s"
                .formatted(status, type, body.length(), body);
    }

    String port() {
        return Integer.toString(listener.getLocalPort());
    }

    /// {@return the heads of all requests but those of `/health`}
    List<String> heads() {
        return heads;
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = listener.accept();
                held.add(socket);
                Thread.ofVirtual().start(() -> serve(socket));
            }
        } catch (IOException _) {
            // Closed.
        }
    }

    private void serve(Socket socket) {
        try {
            var head = new ByteArrayOutputStream();
            while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
                int b = socket.getInputStream().read();
                if (b < 0) return;
                head.write(b);
            }
            String text = head.toString(StandardCharsets.ISO_8859_1);
            boolean isHealth = text.startsWith("GET /health ");
            if (!isHealth) heads.add(text);
            byte[] bytes = isHealth ? HEALTH.getBytes(StandardCharsets.US_ASCII) : answer;
            if (bytes.length == 0) return;
            socket.getOutputStream().write(bytes);
            // The request's body is read to its end: a reset would take the answer with it.
            socket.shutdownOutput();
            socket.getInputStream().transferTo(java.io.OutputStream.nullOutputStream());
        } catch (IOException _) {
            // The client's side of it is what the test looks at.
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : held) socket.close();
    }
}
