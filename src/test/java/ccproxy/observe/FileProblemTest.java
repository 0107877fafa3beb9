package ccproxy.observe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileProblemTest {
    @Test
    void readsAsPeopleSay(@TempDir Path folder) {
        assertEquals("no such file", ofReading(folder.resolve("none")));
        assertEquals("Is a directory", ofReading(folder));
        assertEquals("permission denied", FileProblem.of(new AccessDeniedException("f")));
        assertEquals("not UTF-8", FileProblem.of(new MalformedInputException(1)));
        assertEquals("busy", FileProblem.of(new FileSystemException("f", null, "busy")));
        assertEquals("it cannot be read", FileProblem.of(new FileSystemException("f")));
        assertEquals("it cannot be read", FileProblem.of(new IOException()));
    }

    private static String ofReading(Path file) {
        return FileProblem.of(assertThrows(IOException.class, () -> Files.readString(file)));
    }
}
