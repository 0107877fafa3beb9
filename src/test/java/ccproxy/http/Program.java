package ccproxy.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
        this(folder, List.of(), command(jvm, arguments), variables);
    }

    /// {@return the program, started by another one}
    ///
    /// @param launcher takes a command as its last arguments
    static Program under(List<String> launcher, Path folder, String... arguments)
            throws IOException {
        return new Program(folder, launcher, command(List.of("-Xmx128m"), arguments), Map.of());
    }

    /// {@return the program, started by a command that holds [#command]}
    static Program of(List<String> command, Path folder) throws IOException {
        return new Program(folder, List.of(), command, Map.of());
    }

    /// {@return the command line of the program}
    static List<String> command(List<String> jvm, String... arguments) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        // What runs for a moment is not worth the second compiler.
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.addAll(jvm);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
        command.add("serve");
        command.addAll(List.of(arguments));
        if (!command.contains("--port")) command.addAll(List.of("--port", "0"));
        return command;
    }

    /// @param launcher takes a command as its last arguments
    Program(Path folder, List<String> launcher, List<String> command, Map<String, String> variables)
            throws IOException {
        err = folder.resolve("err");
        var all = new ArrayList<>(launcher);
        all.addAll(command);
        var builder = new ProcessBuilder(all).directory(folder.toFile());
        builder.environment()
                .keySet()
                .removeIf(n -> n.matches("(CCPROXY|ANTHROPIC|J.*_OPT|STATE_DIR|XDG_STATE).*"));
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

    /// Sends it a signal such as `HUP`.
    void signal(String name) throws IOException, InterruptedException {
        String pid = Long.toString(process.pid());
        assertEquals(0, new ProcessBuilder("kill", "-" + name, pid).start().waitFor());
    }

    /// Waits until it has ended by itself.
    ///
    /// @return its exit code
    int awaitEnd() throws InterruptedException {
        assertTrue(process.waitFor(20, TimeUnit.SECONDS), "still running");
        return process.exitValue();
    }

    /// {@return how many lines of its log hold `text`}
    long logged(String text) {
        return log().lines().filter(line -> line.contains(text)).count();
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// @return its exit code
    int stop() throws InterruptedException {
        process.toHandle().destroy();
        return awaitEnd();
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
