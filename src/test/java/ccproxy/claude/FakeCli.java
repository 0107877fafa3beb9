package ccproxy.claude;

import ccproxy.wire.Json;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/// A folder with a `claude` in it that is a [FakeClaude], and what that one has received.
public final class FakeCli {
    private final Path folder;

    /// @param options of its processes; see [FakeClaude]
    public FakeCli(Path folder, String... options) {
        this.folder = folder;
        options(options);
        program(
                "exec "
                        + Path.of(System.getProperty("java.home"), "bin", "java")
                        + " -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto -Xmx64m -cp "
                        + classes()
                        + " ccproxy.claude.FakeClaude "
                        + folder
                        + " \"$@\"");
    }

    /// The class path's folder of the tests alone: a short path is a quick start.
    private static String classes() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> entry.endsWith("test-classes"))
                .findFirst()
                .map(entry -> Path.of(entry).toAbsolutePath().toString())
                .orElseThrow();
    }

    /// Makes another program of it.
    ///
    /// @param script for `sh`
    public void program(String script) {
        try {
            Path beside = Files.createTempFile(folder, "program", "");
            Files.writeString(beside, "#!/bin/sh\n" + script + "\n");
            Files.setPosixFilePermissions(beside, PosixFilePermissions.fromString("rwxr-xr-x"));
            Files.move(
                    beside,
                    program(),
                    java.nio.file.StandardCopyOption.REPLACE_EXISTING,
                    java.nio.file.StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// {@return where it is}
    public Path program() {
        return folder.resolve("claude");
    }

    /// Changes the options of processes that are started from now on.
    public void options(String... options) {
        try {
            Files.write(folder.resolve(FakeClaude.OPTIONS), List.of(options));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// {@return settings that use it}
    public CliSettings settings(int warm, int processesMax) {
        var environment = new HashMap<String, String>();
        for (String name : List.of("PATH", "HOME"))
            environment.put(name, System.getenv().getOrDefault(name, "/"));
        return new CliSettings(
                program().toString(),
                "",
                "",
                "default",
                CliSettings.MessageMode.IGNORE,
                warm,
                processesMax,
                folder.resolve("state"),
                environment);
    }

    ClaudeSettings claude(int warm, int processesMax, Duration busyWait, Duration silence) {
        return new ClaudeSettings(
                "sdk",
                URI.create("http://127.0.0.1:1"),
                "auto",
                "",
                "",
                false,
                Duration.ofSeconds(1),
                silence,
                silence,
                Duration.ofHours(1),
                busyWait,
                1 << 20,
                settings(warm, processesMax),
                ModelMapping.NONE,
                Prices.BUILT_IN);
    }

    ClaudeSettings claude(int warm, int processesMax) {
        return claude(warm, processesMax, Duration.ofSeconds(30), Duration.ofSeconds(20));
    }

    /// {@return the process ids of those that were started to answer}
    public List<Long> pids() {
        return logs().filter(file -> lines(file).contains("argument --verbose"))
                .map(file -> file.getFileName().toString())
                .map(name -> Long.parseLong(name.substring(FakeClaude.RECEIVED.length())))
                .toList();
    }

    /// {@return what a process has noted, a line each}
    public List<String> received(long pid) {
        return lines(folder.resolve(FakeClaude.RECEIVED + pid));
    }

    /// {@return what all have noted}
    public List<String> received() {
        return logs().flatMap(file -> lines(file).stream()).toList();
    }

    /// {@return the JSON lines that a process has read}
    public List<JsonNode> read(long pid) {
        return received(pid).stream()
                .filter(line -> line.startsWith("line "))
                .map(line -> Json.tree(line.substring(5)))
                .toList();
    }

    /// {@return what a process was told, in short: subtypes of control requests and users' words}
    public List<String> told(long pid) {
        return read(pid).stream().map(FakeCli::told).toList();
    }

    private static String told(JsonNode line) {
        return switch (line.path("type").asString()) {
            case "control_request" -> {
                JsonNode request = line.path("request");
                JsonNode env = request.path("settings").path("env");
                boolean isBlank = env.path("CLAUDE_CODE_EXTRA_BODY").asString("-").isEmpty();
                yield isBlank ? "blank" : request.path("subtype").asString();
            }
            case "user" -> line.path("message").path("content").asString();
            default -> line.path("type").asString();
        };
    }

    /// {@return how many lines of all processes begin so}
    public long count(String start) {
        return received().stream().filter(line -> line.startsWith(start)).count();
    }

    /// {@return the children that processes have noted}
    public List<Long> children() {
        return received().stream()
                .filter(line -> line.startsWith("child "))
                .map(line -> Long.parseLong(line.substring(6)))
                .toList();
    }

    private Stream<Path> logs() {
        try (Stream<Path> files = Files.list(folder)) {
            return files
                    .filter(file -> file.getFileName().toString().startsWith(FakeClaude.RECEIVED))
                    .toList()
                    .stream();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// {@return whether a process of this machine runs}
    public static boolean isAlive(long pid) {
        // A child of nobody may stay a zombie where nobody collects them.
        try {
            String state = Files.readString(Path.of("/proc/" + pid + "/stat"));
            return state.charAt(state.lastIndexOf(')') + 2) != 'Z';
        } catch (IOException _) {
            return ProcessHandle.of(pid).isPresent() && !Files.isDirectory(Path.of("/proc/self"));
        }
    }

    static Map<String, Long> counts(CliPool pool) {
        return pool.counters().all();
    }
}
