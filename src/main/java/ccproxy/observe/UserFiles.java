package ccproxy.observe;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/// Files and folders that are for this user only from their first moment, where the system has such
/// a thing.
final class UserFiles {
    private static final Set<StandardOpenOption> APPEND =
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);

    private UserFiles() {}

    /// Makes a folder, and those above it, unless it is there.
    static void openFolder(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) Files.createDirectories(folder, mine(folder, "rwx------"));
    }

    /// Makes a folder.
    ///
    /// @throws IOException also when it is there
    static void newFolder(Path folder) throws IOException {
        Files.createDirectory(folder, mine(folder, "rwx------"));
    }

    /// {@return a file to append to, made if need be}
    static FileChannel append(Path file) throws IOException {
        return FileChannel.open(file, APPEND, mine(file, "rw-------"));
    }

    private static FileAttribute<?>[] mine(Path path, String permissions) {
        boolean isPosix = path.getFileSystem().supportedFileAttributeViews().contains("posix");
        if (!isPosix) return new FileAttribute<?>[0];
        var mine = PosixFilePermissions.fromString(permissions);
        return new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(mine)};
    }
}
