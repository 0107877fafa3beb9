package ccproxy.convert;

import static org.junit.jupiter.api.Assertions.assertEquals;

import ccproxy.wire.CutStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GoldenTest {
    private static final int SHORT_CHARACTERS = 1500;

    static List<Golden> cases() {
        return List.of(
                new Golden("agent", Models.OLD, "field"),
                new Golden("every-event", Models.MIDDLE, "field"),
                new Golden("tags", Models.OLD, "tags"),
                new Golden("functions", Models.OLD, "hide"),
                new Golden("custom-tools", Models.NEW, "field"),
                new Golden("answer-tool", Models.OLD, "field"),
                new Golden("json-object", Models.NEW, "field"),
                new Golden("refusal", Models.NEW, "field"),
                new Golden("cut-short", Models.OLD, "field"),
                new Golden("failure", Models.OLD, "field"),
                new Golden("whole", Models.SPARING, "field"));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void whatGoesInComesOutAsWritten(Golden golden) {
        Golden.check(golden.name(), golden.rules(), golden.reasoning());
    }

    @Test
    void everyFolderIsACase() throws IOException {
        try (var folders = Files.list(Path.of("src/test/resources/ccproxy/convert"))) {
            Set<String> names =
                    folders.map(f -> f.getFileName().toString()).collect(Collectors.toSet());
            assertEquals(
                    new TreeSet<>(names),
                    cases().stream()
                            .map(Golden::name)
                            .collect(Collectors.toCollection(TreeSet::new)));
        }
    }

    /// Cases 65 to 83, each with the upstream's bytes cut at every offset.
    @ParameterizedTest
    @MethodSource("cases")
    void everyCutGivesTheSameChunks(Golden golden) {
        if (golden.name().equals("whole")) return;
        String events = golden.text("message-events.sse");
        String expected = golden.text("chat-chunks.sse");
        Conversion converted = golden.converted();
        // Line ends have nothing to do with what a stream says: the short ones are enough.
        boolean isShort = events.length() < SHORT_CHARACTERS;
        for (String lineEnd : isShort ? List.of("\n", "\r\n", "\r") : List.of("\n")) {
            String stream = ": first\n\n" + events.stripTrailing();
            byte[] bytes = stream.replace("\n", lineEnd).getBytes(StandardCharsets.UTF_8);
            boolean isTimingOut = lineEnd.equals("\n");
            for (int cut = 0; cut <= bytes.length; cut++) {
                String chunks = Golden.chunks(new CutStream(bytes, cut, isTimingOut), converted);
                if (!expected.equals(chunks)) assertEquals(expected, chunks, "cut at " + cut);
            }
        }
    }
}
