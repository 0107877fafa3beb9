package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/// Traces of a test: a server that writes them, who replays them, and a hand that changes them.
final class Traces {
    static final String CHAT = "/v1/chat/completions";
    static final String MESSAGES = "/v1/messages";

    private final Path folder;

    Traces(Path folder) {
        this.folder = folder;
    }

    Path all() {
        return folder.resolve("traces");
    }

    /// {@return the n-th trace}
    Path trace(int n) throws IOException {
        try (Stream<Path> all = Files.list(all())) {
            return all.sorted().toList().get(n);
        }
    }

    TracedServer server(String... flags) {
        return new TracedServer(new Run(folder), all(), flags);
    }

    /// {@return what a replay says}
    String replay(ExitCode expected, Path... folders) {
        var run = new Run(folder);
        var arguments = new ArrayList<>(List.of("replay"));
        for (Path each : folders) arguments.add(each.toString());
        ExitCode code = run.main(arguments.toArray(String[]::new));
        assertEquals(expected, code, run.out() + run.err());
        return run.out();
    }

    static String body(String text, boolean isStream) {
        return """
        {"model":"sonnet","max_tokens":100,"stream":%s,"messages":[{"role":"user","content":"%s"}]}\
        """
                .formatted(isStream, text.replace("\"", "\\\""));
    }

    /// Replaces a text in a file of a trace, wherever it stands.
    static void change(Path trace, String file, String from, String to) throws IOException {
        Path path = trace.resolve(file);
        String before = Files.readString(path);
        assertFalse(before.equals(before.replace(from, to)), before);
        Files.writeString(path, before.replace(from, to));
    }

    /// Replaces the first text that a pattern matches.
    static void changeFirst(Path trace, String file, String pattern, String to) throws IOException {
        Path path = trace.resolve(file);
        String before = Files.readString(path);
        String after = before.replaceFirst(pattern, to);
        assertFalse(before.equals(after), before);
        Files.writeString(path, after);
    }
}
