package ccproxy.claude;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// An upstream made of sockets, for what an HTTP server would not do. Each connection is played by
/// a thread of its own.
final class RawUpstream implements AutoCloseable {
    private static final Pattern LENGTH = Pattern.compile("(?i)\r\ncontent-length: (\\d+)\r\n");

    /// What a connection does.
    interface Play {
        void on(Connection connection) throws Exception;
    }

    private final ServerSocket server;
    private final Play play;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final AtomicInteger connections = new AtomicInteger();

    /// One connection from the client's side.
    final class Connection {
        private final Socket socket;
        private final InputStream in;
        private final OutputStream out;
        private final int number;

        Connection(Socket socket) throws IOException {
            this.socket = socket;
            // What is written in pieces shall arrive in pieces.
            socket.setTcpNoDelay(true);
            this.in = socket.getInputStream();
            this.out = socket.getOutputStream();
            this.number = connections.getAndIncrement();
        }

        /// Which one it is, from 0.
        int number() {
            return number;
        }

        /// The next request, or `""` when the client closed.
        String request() throws IOException {
            var head = new ByteArrayOutputStream();
            while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
                int b = in.read();
                if (b < 0) return "";
                head.write(b);
            }
            String text = head.toString(StandardCharsets.ISO_8859_1);
            Matcher length = LENGTH.matcher(text);
            if (length.find()) {
                byte[] body = in.readNBytes(Integer.parseInt(length.group(1)));
                text += new String(body, StandardCharsets.UTF_8);
            }
            requests.add(text);
            return text;
        }

        Socket socket() {
            return socket;
        }

        InputStream in() {
            return in;
        }

        /// Writes characters as one byte each.
        void bytes(String text) throws IOException {
            write(text.getBytes(StandardCharsets.ISO_8859_1));
        }

        void write(byte[] bytes) throws IOException {
            out.write(bytes);
            out.flush();
        }

        void write(String text) throws IOException {
            write(text.getBytes(StandardCharsets.UTF_8));
        }

        void head(String... headers) throws IOException {
            String more = headers.length == 0 ? "" : String.join("\r\n", headers) + "\r\n";
            write(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n"
                            + more
                            + "\r\n");
        }

        void chunk(byte[] bytes) throws IOException {
            write(Integer.toHexString(bytes.length) + "\r\n");
            write(bytes);
            write("\r\n");
        }

        void chunk(String text) throws IOException {
            chunk(text.getBytes(StandardCharsets.UTF_8));
        }

        void end() throws IOException {
            write("0\r\n\r\n");
        }

        /// A whole JSON answer.
        void json(String json) throws IOException {
            write(
                    "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: "
                            + json.getBytes(StandardCharsets.UTF_8).length
                            + "\r\n\r\n"
                            + json);
        }

        /// Waits until the client has closed; says whether it did.
        boolean isClosedByClient() throws IOException {
            socket.setSoTimeout(5000);
            try {
                return in.read() < 0;
            } catch (java.net.SocketTimeoutException _) {
                return false;
            } catch (IOException _) {
                return true;
            }
        }

        void close() throws IOException {
            socket.close();
        }

        /// Says nothing more, but listens.
        void endOutput() throws IOException {
            socket.shutdownOutput();
        }

        /// Closes so that the client's next write or read fails with a reset.
        void reset() throws IOException {
            socket.setSoLinger(true, 0);
            socket.close();
        }
    }

    RawUpstream(Play play) throws IOException {
        this(new ServerSocket(0, 50, InetAddress.getLoopbackAddress()), play);
    }

    /// An upstream behind a socket of another kind, which it closes.
    RawUpstream(ServerSocket server, Play play) {
        this.server = server;
        this.play = play;
        Thread.ofVirtual().start(this::accept);
    }

    private void accept() {
        try {
            while (true) {
                Socket socket = server.accept();
                sockets.add(socket);
                Thread.ofVirtual().start(() -> play(socket));
            }
        } catch (IOException _) {
            // Closed.
        }
    }

    private void play(Socket socket) {
        try (socket) {
            play.on(new Connection(socket));
        } catch (Exception _) {
            // The client's side of it is what the test looks at.
        }
    }

    String url() {
        return "http://127.0.0.1:" + port();
    }

    int port() {
        return server.getLocalPort();
    }

    List<String> requests() {
        return requests;
    }

    int connections() {
        return connections.get();
    }

    static void await(CountDownLatch latch) throws InterruptedException {
        if (!latch.await(5, TimeUnit.SECONDS)) throw new AssertionError("it did not happen");
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : sockets) socket.close();
    }
}
