package ccproxy.command;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The README's table of keys is the program's.
class ReadmeTest {
    @Test
    void theTableOfKeysIsTheProgramsOwn() throws IOException {
        List<String> lines = Files.readAllLines(Path.of("README.md"));
        int head = lines.indexOf("| key | default | meaning |");
        List<String> rows =
                lines.subList(head + 2, lines.size()).stream()
                        .takeWhile(line -> line.startsWith("|"))
                        .toList();
        List<String> expected = Config.keys().stream().map(ReadmeTest::row).toList();
        assertEquals(String.join("\n", expected), String.join("\n", rows));
    }

    private static String row(Key<?> key) {
        String text = key.defaultText().isEmpty() ? "–" : "`" + key.defaultText() + "`";
        String fallback =
                key.fallbackVariable().isEmpty() ? "" : "; else " + key.fallbackVariable();
        return "| `%s` | %s | %s%s |".formatted(key.name(), text, key.meaning(), fallback);
    }
}
