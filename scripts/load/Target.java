import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// A system that is measured: a server that answers `path` on a port of 127.0.0.1. It runs on CPU
/// 0, whatever it is, but for a start that is measured with both.
final class Target {
    private static final int START_SECONDS = 30;
    static final String PROXY_CPU = "0";
    static final String BOTH_CPUS = "0,1";

    /// What makes one: the command with its whole environment, beside `PATH`; `command` is empty
    /// for the upstream, which runs already.
    record Spec(
            String name,
            boolean isJvm,
            int port,
            String path,
            List<String> headers,
            List<String> command,
            Path folder) {
        Spec {
            headers = List.copyOf(headers);
            command = List.copyOf(command);
        }

        Path log() {
            return folder.resolve("log");
        }
    }

    private final Spec spec;
    private Process process;

    Target(Spec spec) {
        this.spec = spec;
    }

    String name() {
        return spec.name();
    }

    boolean isJvm() {
        return spec.isJvm();
    }

    int port() {
        return spec.port();
    }

    String path() {
        return spec.path();
    }

    List<String> headers() {
        return spec.headers();
    }

    Path folder() {
        return spec.folder();
    }

    boolean isUpstream() {
        return spec.command().isEmpty();
    }

    long pid() {
        return process.pid();
    }

    /// Starts it, and waits for the first answer that came through it: milliseconds.
    double start(String cpus) throws FailedException, InterruptedException {
        if (isUpstream()) return 0;
        ProcessBuilder builder = new ProcessBuilder("taskset", "-c", cpus);
        builder.command().addAll(spec.command());
        builder.directory(spec.folder().toFile())
                .redirectErrorStream(true)
                .redirectOutput(spec.log().toFile());
        environment(builder.environment());
        long begun = System.nanoTime();
        process = Child.start(builder);
        byte[] request = Tools.request(this, Tools.body(""));
        String answer = "nothing";
        while (System.nanoTime() - begun < START_SECONDS * 1_000_000_000L) {
            try {
                answer = statusOf(request);
                if (answer.contains(" 200 ")) {
                    double millis = (System.nanoTime() - begun) / 1e6;
                    Child.rememberDescendants(process);
                    return millis;
                }
                Thread.sleep(20);
            } catch (IOException e) {
                Thread.sleep(1); // it does not listen yet
            }
            checkAlive();
        }
        stop();
        throw new FailedException(
                "no status 200 within " + START_SECONDS + " s, but " + answer + "; " + logged());
    }

    /// Only what every program needs: no settings or keys of the user's.
    private void environment(Map<String, String> environment) {
        environment.keySet().retainAll(List.of("PATH", "LANG", "JAVA_HOME"));
        environment.put("HOME", spec.folder().toString());
    }

    private String statusOf(byte[] request) throws IOException {
        try (Socket socket = new Socket()) {
            socket.connect(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), spec.port()), 5_000);
            socket.setSoTimeout(5_000);
            socket.getOutputStream().write(request);
            InputStream in = socket.getInputStream();
            return new String(in.readNBytes(16), StandardCharsets.ISO_8859_1).strip();
        }
    }

    /// @throws FailedException if it has ended by itself
    void checkAlive() throws FailedException {
        Optional<String> reason = reasonOfDeath();
        if (reason.isPresent()) throw new FailedException(reason.get());
    }

    Optional<String> reasonOfDeath() {
        if (process == null || process.isAlive()) return Optional.empty();
        return Optional.of("it ended with exit code " + process.exitValue() + "; " + logged());
    }

    private String logged() {
        List<String> lines = Proc.lines(spec.log());
        if (lines.isEmpty()) return "it logged nothing";
        String last =
                String.join(" | ", lines.subList(Math.max(0, lines.size() - 3), lines.size()));
        return "it logged: " + (last.length() > 500 ? last.substring(last.length() - 500) : last);
    }

    void freeze() {
        if (process != null && process.isAlive()) Proc.freeze(process.pid());
    }

    void thaw() {
        if (process != null && process.isAlive()) Proc.thaw(process.pid());
    }

    void stop() {
        if (process != null) Child.stop(process);
    }
}
