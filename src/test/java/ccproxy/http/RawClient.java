package ccproxy.http;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// A client that writes and reads bytes: for what a well-behaved one would never send. Every read
/// ends within ten seconds.
final class RawClient implements AutoCloseable {
    private final Socket socket;
    private final InputStream in;

    /// A response, its body without any framing.
    record Answer(int status, Map<String, String> headers, String body) {
        String header(String name) {
            return headers.getOrDefault(name, "");
        }
    }

    RawClient(int port) {
        this("127.0.0.1", port);
    }

    RawClient(String address, int port) {
        this(connected(address, port));
    }

    private static Socket connected(String address, int port) {
        try {
            return new Socket(InetAddress.getByName(address), port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    RawClient(Socket connected) {
        try {
            socket = connected;
            // What comes at once comes late where others have the processors.
            socket.setSoTimeout(30_000);
            socket.setTcpNoDelay(true);
            in = new BufferedInputStream(socket.getInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Socket socket() {
        return socket;
    }

    /// Writes text; line ends are as they must be: `\r\n`.
    RawClient write(String text) throws IOException {
        return write(text.getBytes(StandardCharsets.UTF_8));
    }

    RawClient write(byte[] bytes) throws IOException {
        socket.getOutputStream().write(bytes);
        socket.getOutputStream().flush();
        return this;
    }

    /// Writes a request with a JSON body and its length.
    RawClient post(String path, String body, String... headers) throws IOException {
        return post(path, body.getBytes(StandardCharsets.UTF_8), headers);
    }

    RawClient post(String path, byte[] body, String... headers) throws IOException {
        var head = new StringBuilder("POST " + path + " HTTP/1.1\r\nHost: localhost\r\n");
        head.append("Content-Type: application/json\r\nContent-Length: ").append(body.length);
        head.append("\r\n");
        for (int i = 0; i < headers.length; i += 2)
            head.append(headers[i]).append(": ").append(headers[i + 1]).append("\r\n");
        write(head.append("\r\n").toString());
        return write(body);
    }

    /// Asks for a path, and waits for the answer.
    Answer get(String path) throws IOException {
        return write("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n").answer();
    }

    /// {@return the next response, whole}
    Answer answer() throws IOException {
        return answer(false);
    }

    /// {@return the next response}
    ///
    /// @param isHead whether it has no body, whatever its headers say
    Answer answer(boolean isHead) throws IOException {
        String[] status = line().split(" ", 3);
        var headers = new TreeMap<String, String>();
        for (String line = line(); !line.isEmpty(); line = line()) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        int code = Integer.parseInt(status[1]);
        boolean hasBody = !isHead && code != 204;
        return new Answer(code, headers, hasBody ? body(headers) : "");
    }

    private String body(Map<String, String> headers) throws IOException {
        var body = new ByteArrayOutputStream();
        if (headers.getOrDefault("transfer-encoding", "").equals("chunked")) {
            for (int size = chunk(); size > 0; size = chunk()) {
                body.write(in.readNBytes(size));
                line();
            }
            line();
        } else if (headers.containsKey("content-length")) {
            body.write(in.readNBytes(Integer.parseInt(headers.get("content-length"))));
        } else {
            in.transferTo(body);
        }
        return body.toString(StandardCharsets.UTF_8);
    }

    private int chunk() throws IOException {
        return Integer.parseInt(line(), 16);
    }

    private String line() throws IOException {
        var line = new ByteArrayOutputStream();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) throw new IOException("closed after: " + line);
            line.write(c);
        }
        return line.toString(StandardCharsets.UTF_8).stripTrailing();
    }

    /// Reads until `text` was seen.
    ///
    /// @return everything read, `text` included
    String readUntil(String text) throws IOException {
        var read = new StringBuilder();
        while (read.indexOf(text) < 0) {
            int c;
            try {
                c = in.read();
            } catch (SocketTimeoutException _) {
                throw new SocketTimeoutException("silent after: " + read);
            }
            if (c < 0) throw new IOException("closed after: " + read);
            read.append((char) c);
        }
        return read.toString();
    }

    /// Waits until there is something to read.
    void awaitByte() throws IOException {
        in.mark(1);
        if (in.read() < 0) throw new IOException("closed");
        in.reset();
    }

    /// {@return everything until the server closes the connection}
    String readAll() throws IOException {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }

    /// {@return whether the server has closed the connection, or does so soon}
    boolean isClosedByServer() {
        try {
            return in.read() < 0;
        } catch (SocketTimeoutException _) {
            return false;
        } catch (IOException _) {
            return true;
        }
    }

    /// Leaves without a word: a reset instead of an end.
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
