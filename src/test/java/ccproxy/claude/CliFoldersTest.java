package ccproxy.claude;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CliFoldersTest {
    private static final Path PARENT = Path.of(System.getProperty("java.io.tmpdir"));

    /// No process has it: Linux gives no such number.
    private static final long DEAD = 999_999_999;

    @TempDir Path folder;

    private static Path made(String name) throws IOException {
        Path root = Files.createDirectories(PARENT.resolve(name));
        Files.writeString(Files.createDirectories(root.resolve("tmp/deep")).resolve("f"), "x");
        return root;
    }

    @Test
    void foldersAreEmptyPrivateAndGoneAfterwards() throws IOException {
        CliFolders folders = CliFolders.open();
        assertEquals(
                "rwx------",
                PosixFilePermissions.toString(Files.getPosixFilePermissions(folders.root())));
        try (var files = Files.list(folders.work())) {
            assertEquals(0, files.count());
        }
        Path outside = Files.writeString(folder.resolve("outside"), "kept");
        Files.createSymbolicLink(folders.temporary().resolve("link"), outside);
        Files.createSymbolicLink(folders.temporary().resolve("folder"), folder);
        Files.createDirectories(folders.temporary().resolve("a/b"));
        folders.close();
        folders.close();
        assertFalse(Files.exists(folders.root()));
        assertEquals("kept", Files.readString(outside), "links are not followed");
    }

    @Test
    void sweepRemovesOnlyWhatDeadServersLeft() throws IOException {
        Path dead = made("ccproxy-sdk-" + DEAD + "-1");
        CliFolders own = CliFolders.open();
        Path other = made("ccproxy-sdk-1-test-" + DEAD);
        List<Path> kept =
                List.of(
                        own.root(),
                        other,
                        made("ccproxy-sdk-x" + DEAD),
                        made("ccproxy-" + DEAD + "-1"),
                        made("ccproxy-sdk-" + "9".repeat(19) + "-1"));
        try {
            CliFolders.sweep();
            assertFalse(Files.exists(dead));
            for (Path path : kept) assertTrue(Files.exists(path), path.toString());
        } finally {
            for (Path path : kept) new CliFolders(path, path, path).close();
        }
    }
}
