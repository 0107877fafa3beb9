package ccproxy.command;

import ccproxy.claude.OwnServer;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/// One request on a connection of its own, and the answer. A bare socket: the JDK's clients refuse
/// to send some of the headers that clients send. For one thread; it takes no longer than its
/// patience, and no more than [#BYTES_MAX] bytes.
final class ClientCall implements AutoCloseable {
    /// Of an answer: a few tokens need far less.
    static final int BYTES_MAX = 8 << 20;

    private static final int LINE_BYTES_MAX = 64 << 10;
    private static final int HEADERS_MAX = 200;

    /// A TLS record that carries an alert (RFC 8446 §5.1): what a TLS server says to plain HTTP.
    private static final int TLS_ALERT = 0x15;

    private final Socket socket;
    private final InputStream in;
    private final Map<String, String> headers = new HashMap<>();
    private int status;

    /// How a connection is made: plain, or with TLS over it.
    interface Connector {
        /// {@return what makes connections to our own server, which may speak TLS}
        static Connector to(OwnServer own) {
            return (server, patience) -> {
                Socket plain = connected(server, patience);
                plain.setSoTimeout((int) patience.toMillis());
                return own.over(plain);
            };
        }

        private static Socket connected(URI server, Duration patience) throws IOException {
            var socket = new Socket();
            String host = server.getHost().replaceFirst("^\\[(.*)]$", "$1");
            int millis = (int) patience.toMillis();
            socket.connect(new InetSocketAddress(host, server.getPort()), millis);
            return socket;
        }

        /// {@return a connection to a server, made in time}
        Socket connect(URI server, Duration patience) throws IOException;
    }

    private ClientCall(Socket socket, long until) throws IOException {
        this.socket = socket;
        this.in = new BufferedInputStream(new Deadline(socket, until));
    }

    /// {@return the answer to a request, its head read; the whole of it must be there in time}
    ///
    /// @throws IOException when there is none in time
    /// @throws Unfit when it is no HTTP
    static ClientCall of(ClientRequest request, URI server, ClientsCheck.Manner manner)
            throws IOException {
        byte[] bytes = request.bytes(server.getAuthority());
        long until = System.nanoTime() + manner.patience().toNanos();
        var call = new ClientCall(manner.connector().connect(server, manner.patience()), until);
        try {
            call.socket.getOutputStream().write(bytes);
            call.readHead();
            return call;
        } catch (IOException | RuntimeException e) {
            call.close();
            throw e;
        }
    }

    private void readHead() throws IOException {
        // An answer before the answer (RFC 9110 §15.2) means nothing here.
        for (status = 0; status < 200; ) {
            String line = line();
            if (!line.matches("HTTP/1\\.[01] [1-5][0-9][0-9]( .*)?")) throw noHttp(line);
            status = Integer.parseInt(line.substring(9, 12));
            headers.clear();
            for (line = line(); !line.isEmpty(); line = line()) {
                int colon = line.indexOf(':');
                if (colon < 1 || headers.size() == HEADERS_MAX) throw noHttp(line);
                headers.putIfAbsent(
                        line.substring(0, colon).toLowerCase(Locale.ROOT),
                        line.substring(colon + 1).strip());
            }
        }
    }

    private static Unfit noHttp(String line) {
        if (!line.isEmpty() && line.charAt(0) == TLS_ALERT) {
            return new Unfit(
                    "the server speaks TLS, and was asked without",
                    "use https:// in the client's base URL");
        }
        return new Unfit(
                "the answer is no HTTP: " + line.substring(0, Math.min(60, line.length())),
                "something else has the port: choose another with --port");
    }

    /// {@return the status code}
    int status() {
        return status;
    }

    /// {@return a header, `""` for none}
    String header(String name) {
        return headers.getOrDefault(name, "");
    }

    /// {@return the bytes of the body, without any framing; the end of a cut one is an
    /// `EOFException`}
    InputStream body() throws IOException {
        InputStream framed;
        if (header("transfer-encoding").toLowerCase(Locale.ROOT).contains("chunked"))
            framed = new Framed(-1);
        else if (header("content-length").matches("[0-9]{1,9}"))
            framed = new Framed(Integer.parseInt(header("content-length")));
        else framed = in;
        return header("content-encoding").equals("gzip") ? new GZIPInputStream(framed) : framed;
    }

    private String line() throws IOException {
        var line = new ByteArrayOutputStream();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0 && line.size() == 0) throw cut();
            // What is no HTTP may have no line ends either.
            if (c < 0) break;
            if (line.size() == LINE_BYTES_MAX) throw new IOException("a line is too long");
            line.write(c);
        }
        return line.toString(StandardCharsets.ISO_8859_1).stripTrailing();
    }

    private static EOFException cut() {
        return new EOFException("the connection was closed before the answer was whole");
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    /// A body of a known length, or in chunks (RFC 9112 §7.1).
    private final class Framed extends InputStream {
        private final boolean isChunked;
        private int left;
        private boolean isEnded;

        Framed(int length) {
            isChunked = length < 0;
            left = Math.max(0, length);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] into, int from, int length) throws IOException {
            if (left == 0 && isChunked && !isEnded) nextChunk();
            if (left == 0) return -1;
            int count = in.read(into, from, Math.min(left, length));
            if (count < 0) throw cut();
            left -= count;
            if (left == 0 && isChunked) line();
            return count;
        }

        private void nextChunk() throws IOException {
            String size = line().split(";", 2)[0].strip();
            if (!size.matches("[0-9a-fA-F]{1,7}")) throw new IOException("a chunk without a size");
            left = Integer.parseInt(size, 16);
            isEnded = left == 0;
        }
    }

    /// A socket's bytes until a moment, and no more than the limit.
    private static final class Deadline extends InputStream {
        private final Socket socket;
        private final InputStream in;
        private final long until;
        private int count;

        Deadline(Socket socket, long until) throws IOException {
            this.socket = socket;
            this.in = socket.getInputStream();
            this.until = until;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] into, int from, int length) throws IOException {
            long millis = Duration.ofNanos(until - System.nanoTime()).toMillis();
            if (millis <= 0) throw new SocketTimeoutException("too slow");
            socket.setSoTimeout((int) millis);
            int read = in.read(into, from, length);
            count += Math.max(0, read);
            if (count > BYTES_MAX) throw new IOException("the answer is larger than 8 MB");
            return read;
        }

        @Override
        public int available() throws IOException {
            return in.available();
        }
    }
}
