package ccproxy.claude;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/// Files that are for this user only, and that are whole or not there.
final class PrivateFiles {
    private PrivateFiles() {}

    /// Writes `parts` one after the other to a file beside, then moves it into its place.
    static void write(Path file, byte[]... parts) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        openFolder(folder);
        Path beside = Files.createTempFile(folder, "new-", ".tmp");
        try {
            try (var out = Files.newOutputStream(beside)) {
                for (byte[] part : parts) out.write(part);
            }
            Files.move(
                    beside,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    private static void openFolder(Path folder) throws IOException {
        if (Files.isDirectory(folder)) return;
        Files.createDirectories(folder);
        try {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        } catch (UnsupportedOperationException _) {
            // Its own rules, elsewhere.
        }
    }
}
