package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertTrue;

import ccproxy.command.Main;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/// The program in a process of its own: for what is read once a JVM, and for its memory.
final class Program implements AutoCloseable {
    private final Process process;
    private final Path err;
    private final int port;

    /// @param folder for its working directory and its log
    /// @param jvm flags of the JVM
    /// @param arguments of the program
    Program(Path folder, List<String> jvm, String... arguments) throws IOException {
        this(folder, jvm, Map.of(), arguments);
    }

    /// @param variables of its environment, beside what of ours is no setting of its own
    Program(Path folder, List<String> jvm, Map<String, String> variables, String... arguments)
            throws IOException {
        err = folder.resolve("err");
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(jvm);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.addAll(List.of("serve", "--port", "0"));
        command.addAll(List.of(arguments));
        var builder = new ProcessBuilder(command).directory(folder.toFile());
        builder.environment().keySet().removeIf(n -> n.matches("(CCPROXY|ANTHROPIC|J.*_OPT).*"));
        builder.environment().keySet().removeIf(n -> n.toLowerCase().endsWith("_proxy"));
        builder.environment().put("HOME", folder.toString());
        builder.environment().putAll(variables);
        process = builder.redirectError(err.toFile()).start();
        BufferedReader out = process.inputReader();
        String ready = out.readLine();
        assertTrue(ready != null && ready.contains("listening on"), () -> ready + log());
        port = Integer.parseInt(ready.replaceFirst(".*:(\\d+) .*", "$1"));
    }

    RawClient raw() {
        return new RawClient(port);
    }

    ProcessHandle handle() {
        return process.toHandle();
    }

    int port() {
        return port;
    }

    String log() {
        try {
            return Files.readString(err);
        } catch (IOException e) {
            return e.toString();
        }
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// @return its exit code
    int stop() throws InterruptedException {
        process.toHandle().destroy();
        assertTrue(process.waitFor(20, TimeUnit.SECONDS), "still running");
        return process.exitValue();
    }

    /// {@return the processes that it started}
    List<ProcessHandle> children() {
        return process.children().toList();
    }

    /// Ends it without a word of warning, and waits until it is gone.
    void kill() throws InterruptedException {
        process.destroyForcibly();
        assertTrue(process.waitFor(20, TimeUnit.SECONDS), "still running");
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }
}
