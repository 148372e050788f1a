package cuv

// layout.go compares what Go mirrors of C's structs with C's own, field by field, when
// it is compiled.

// #include "fs.h"
// #include "child_process.h"
import "C"

import "unsafe"

// A place in a struct: the offset and the size of a field, so that it differs if one
// of them does. The compiler rejects an index that is not 0, and a negative one.
const wide = 1 << 16 // more than any offset

var same [1]struct{}

var (
	_ = same[unsafe.Offsetof(Event{}.Kind)*wide+unsafe.Sizeof(Event{}.Kind)-unsafe.Offsetof(C.cuv_cqe{}.kind)*wide-unsafe.Sizeof(C.cuv_cqe{}.kind)]
	_ = same[unsafe.Offsetof(Event{}.Slot)*wide+unsafe.Sizeof(Event{}.Slot)-unsafe.Offsetof(C.cuv_cqe{}.slot)*wide-unsafe.Sizeof(C.cuv_cqe{}.slot)]
	_ = same[unsafe.Offsetof(Event{}.Gen)*wide+unsafe.Sizeof(Event{}.Gen)-unsafe.Offsetof(C.cuv_cqe{}.gen)*wide-unsafe.Sizeof(C.cuv_cqe{}.gen)]
	_ = same[unsafe.Offsetof(Event{}.Status)*wide+unsafe.Sizeof(Event{}.Status)-unsafe.Offsetof(C.cuv_cqe{}.status)*wide-unsafe.Sizeof(C.cuv_cqe{}.status)]
	_ = same[unsafe.Offsetof(Event{}.ptr)*wide+unsafe.Sizeof(Event{}.ptr)-unsafe.Offsetof(C.cuv_cqe{}.ptr)*wide-unsafe.Sizeof(C.cuv_cqe{}.ptr)]
	_ = same[unsafe.Offsetof(Event{}.aux)*wide+unsafe.Sizeof(Event{}.aux)-unsafe.Offsetof(C.cuv_cqe{}.aux)*wide-unsafe.Sizeof(C.cuv_cqe{}.aux)]
	_ = same[unsafe.Sizeof(Event{})-C.sizeof_cuv_cqe]

	_ = same[unsafe.Offsetof(sqe{}.op)*wide+unsafe.Sizeof(sqe{}.op)-unsafe.Offsetof(C.cuv_sqe{}.op)*wide-unsafe.Sizeof(C.cuv_sqe{}.op)]
	_ = same[unsafe.Offsetof(sqe{}.flags)*wide+unsafe.Sizeof(sqe{}.flags)-unsafe.Offsetof(C.cuv_sqe{}.flags)*wide-unsafe.Sizeof(C.cuv_sqe{}.flags)]
	_ = same[unsafe.Offsetof(sqe{}.slot)*wide+unsafe.Sizeof(sqe{}.slot)-unsafe.Offsetof(C.cuv_sqe{}.slot)*wide-unsafe.Sizeof(C.cuv_sqe{}.slot)]
	_ = same[unsafe.Offsetof(sqe{}.h)*wide+unsafe.Sizeof(sqe{}.h)-unsafe.Offsetof(C.cuv_sqe{}.h)*wide-unsafe.Sizeof(C.cuv_sqe{}.h)]
	_ = same[unsafe.Offsetof(sqe{}.a)*wide+unsafe.Sizeof(sqe{}.a)-unsafe.Offsetof(C.cuv_sqe{}.a)*wide-unsafe.Sizeof(C.cuv_sqe{}.a)]
	_ = same[unsafe.Offsetof(sqe{}.b)*wide+unsafe.Sizeof(sqe{}.b)-unsafe.Offsetof(C.cuv_sqe{}.b)*wide-unsafe.Sizeof(C.cuv_sqe{}.b)]
	_ = same[unsafe.Offsetof(sqe{}.gen)*wide+unsafe.Sizeof(sqe{}.gen)-unsafe.Offsetof(C.cuv_sqe{}.gen)*wide-unsafe.Sizeof(C.cuv_sqe{}.gen)]
	_ = same[unsafe.Offsetof(sqe{}.next)*wide+unsafe.Sizeof(sqe{}.next)-unsafe.Offsetof(C.cuv_sqe{}.next)*wide-unsafe.Sizeof(C.cuv_sqe{}.next)]
	_ = same[unsafe.Sizeof(sqe{})-C.sizeof_cuv_sqe]

	_ = same[unsafe.Offsetof(ring{}.sq)*wide+unsafe.Sizeof(ring{}.sq)-unsafe.Offsetof(C.cuv_ring{}.sq)*wide-unsafe.Sizeof(C.cuv_ring{}.sq)]
	_ = same[unsafe.Offsetof(ring{}.cq)*wide+unsafe.Sizeof(ring{}.cq)-unsafe.Offsetof(C.cuv_ring{}.cq)*wide-unsafe.Sizeof(C.cuv_ring{}.cq)]
	_ = same[unsafe.Offsetof(ring{}.out)*wide+unsafe.Sizeof(ring{}.out)-unsafe.Offsetof(C.cuv_ring{}.out)*wide-unsafe.Sizeof(C.cuv_ring{}.out)]
	_ = same[unsafe.Offsetof(ring{}.in)*wide+unsafe.Sizeof(ring{}.in)-unsafe.Offsetof(C.cuv_ring{}.in)*wide-unsafe.Sizeof(C.cuv_ring{}.in)]
	_ = same[unsafe.Offsetof(ring{}.sqLen)*wide+unsafe.Sizeof(ring{}.sqLen)-unsafe.Offsetof(C.cuv_ring{}.sq_len)*wide-unsafe.Sizeof(C.cuv_ring{}.sq_len)]
	_ = same[unsafe.Offsetof(ring{}.sqLimit)*wide+unsafe.Sizeof(ring{}.sqLimit)-unsafe.Offsetof(C.cuv_ring{}.sq_limit)*wide-unsafe.Sizeof(C.cuv_ring{}.sq_limit)]
	_ = same[unsafe.Offsetof(ring{}.cqHead)*wide+unsafe.Sizeof(ring{}.cqHead)-unsafe.Offsetof(C.cuv_ring{}.cq_head)*wide-unsafe.Sizeof(C.cuv_ring{}.cq_head)]
	_ = same[unsafe.Offsetof(ring{}.cqTail)*wide+unsafe.Sizeof(ring{}.cqTail)-unsafe.Offsetof(C.cuv_ring{}.cq_tail)*wide-unsafe.Sizeof(C.cuv_ring{}.cq_tail)]
	_ = same[unsafe.Offsetof(ring{}.cqCap)*wide+unsafe.Sizeof(ring{}.cqCap)-unsafe.Offsetof(C.cuv_ring{}.cq_cap)*wide-unsafe.Sizeof(C.cuv_ring{}.cq_cap)]
	_ = same[unsafe.Offsetof(ring{}.outLen)*wide+unsafe.Sizeof(ring{}.outLen)-unsafe.Offsetof(C.cuv_ring{}.out_len)*wide-unsafe.Sizeof(C.cuv_ring{}.out_len)]
	_ = same[unsafe.Offsetof(ring{}.outCap)*wide+unsafe.Sizeof(ring{}.outCap)-unsafe.Offsetof(C.cuv_ring{}.out_cap)*wide-unsafe.Sizeof(C.cuv_ring{}.out_cap)]
	_ = same[unsafe.Offsetof(ring{}.inLen)*wide+unsafe.Sizeof(ring{}.inLen)-unsafe.Offsetof(C.cuv_ring{}.in_len)*wide-unsafe.Sizeof(C.cuv_ring{}.in_len)]
	_ = same[unsafe.Offsetof(ring{}.inCap)*wide+unsafe.Sizeof(ring{}.inCap)-unsafe.Offsetof(C.cuv_ring{}.in_cap)*wide-unsafe.Sizeof(C.cuv_ring{}.in_cap)]
	_ = same[unsafe.Offsetof(ring{}.alive)*wide+unsafe.Sizeof(ring{}.alive)-unsafe.Offsetof(C.cuv_ring{}.alive)*wide-unsafe.Sizeof(C.cuv_ring{}.alive)]
	_ = same[unsafe.Offsetof(ring{}.deferred)*wide+unsafe.Sizeof(ring{}.deferred)-unsafe.Offsetof(C.cuv_ring{}.deferred)*wide-unsafe.Sizeof(C.cuv_ring{}.deferred)]
	_ = same[unsafe.Offsetof(ring{}.stale)*wide+unsafe.Sizeof(ring{}.stale)-unsafe.Offsetof(C.cuv_ring{}.stale)*wide-unsafe.Sizeof(C.cuv_ring{}.stale)]
	_ = same[unsafe.Offsetof(ring{}.nowMS)*wide+unsafe.Sizeof(ring{}.nowMS)-unsafe.Offsetof(C.cuv_ring{}.now_ms)*wide-unsafe.Sizeof(C.cuv_ring{}.now_ms)]
	_ = same[unsafe.Offsetof(ring{}.turns)*wide+unsafe.Sizeof(ring{}.turns)-unsafe.Offsetof(C.cuv_ring{}.turns)*wide-unsafe.Sizeof(C.cuv_ring{}.turns)]
	_ = same[unsafe.Offsetof(ring{}.events)*wide+unsafe.Sizeof(ring{}.events)-unsafe.Offsetof(C.cuv_ring{}.events)*wide-unsafe.Sizeof(C.cuv_ring{}.events)]
	_ = same[unsafe.Offsetof(ring{}.flushes)*wide+unsafe.Sizeof(ring{}.flushes)-unsafe.Offsetof(C.cuv_ring{}.flushes)*wide-unsafe.Sizeof(C.cuv_ring{}.flushes)]
	_ = same[unsafe.Offsetof(ring{}.timeout)*wide+unsafe.Sizeof(ring{}.timeout)-unsafe.Offsetof(C.cuv_ring{}.timeout)*wide-unsafe.Sizeof(C.cuv_ring{}.timeout)]
	_ = same[unsafe.Offsetof(ring{}.ready)*wide+unsafe.Sizeof(ring{}.ready)-unsafe.Offsetof(C.cuv_ring{}.ready)*wide-unsafe.Sizeof(C.cuv_ring{}.ready)]
	_ = same[unsafe.Offsetof(ring{}.busyPoll)*wide+unsafe.Sizeof(ring{}.busyPoll)-unsafe.Offsetof(C.cuv_ring{}.busy_poll)*wide-unsafe.Sizeof(C.cuv_ring{}.busy_poll)]
	_ = same[unsafe.Offsetof(ring{}.waited)*wide+unsafe.Sizeof(ring{}.waited)-unsafe.Offsetof(C.cuv_ring{}.waited)*wide-unsafe.Sizeof(C.cuv_ring{}.waited)]
	_ = same[unsafe.Offsetof(ring{}.retracted)*wide+unsafe.Sizeof(ring{}.retracted)-unsafe.Offsetof(C.cuv_ring{}.retracted)*wide-unsafe.Sizeof(C.cuv_ring{}.retracted)]
	_ = same[unsafe.Offsetof(ring{}.sqCap)*wide+unsafe.Sizeof(ring{}.sqCap)-unsafe.Offsetof(C.cuv_ring{}.sq_cap)*wide-unsafe.Sizeof(C.cuv_ring{}.sq_cap)]
	_ = same[unsafe.Offsetof(ring{}.inBase)*wide+unsafe.Sizeof(ring{}.inBase)-unsafe.Offsetof(C.cuv_ring{}.in_base)*wide-unsafe.Sizeof(C.cuv_ring{}.in_base)]
	_ = same[unsafe.Offsetof(ring{}.lentKept)*wide+unsafe.Sizeof(ring{}.lentKept)-unsafe.Offsetof(C.cuv_ring{}.lent_kept)*wide-unsafe.Sizeof(C.cuv_ring{}.lent_kept)]
	_ = same[unsafe.Offsetof(ring{}.unsent)*wide+unsafe.Sizeof(ring{}.unsent)-unsafe.Offsetof(C.cuv_ring{}.unsent)*wide-unsafe.Sizeof(C.cuv_ring{}.unsent)]
	_ = same[unsafe.Offsetof(ring{}.began)*wide+unsafe.Sizeof(ring{}.began)-unsafe.Offsetof(C.cuv_ring{}.began)*wide-unsafe.Sizeof(C.cuv_ring{}.began)]
	_ = same[unsafe.Offsetof(ring{}.stuck)*wide+unsafe.Sizeof(ring{}.stuck)-unsafe.Offsetof(C.cuv_ring{}.stuck)*wide-unsafe.Sizeof(C.cuv_ring{}.stuck)]
	_ = same[unsafe.Sizeof(ring{})-C.sizeof_cuv_ring]

	_ = same[unsafe.Offsetof(Handle{}.Slot)*wide+unsafe.Sizeof(Handle{}.Slot)-unsafe.Offsetof(C.cuv_handle{}.slot)*wide-unsafe.Sizeof(C.cuv_handle{}.slot)]
	_ = same[unsafe.Offsetof(Handle{}.Gen)*wide+unsafe.Sizeof(Handle{}.Gen)-unsafe.Offsetof(C.cuv_handle{}.gen)*wide-unsafe.Sizeof(C.cuv_handle{}.gen)]
	_ = same[unsafe.Offsetof(Handle{}.Queued)*wide+unsafe.Sizeof(Handle{}.Queued)-(unsafe.Offsetof(C.cuv_handle{}.uv)+unsafe.Offsetof(C.uv_stream_t{}.write_queue_size))*wide-unsafe.Sizeof(C.uv_stream_t{}.write_queue_size)]
	_ = same[unsafe.Offsetof(Handle{}.kind)*wide+unsafe.Sizeof(Handle{}.kind)-unsafe.Offsetof(C.cuv_handle{}.kind)*wide-unsafe.Sizeof(C.cuv_handle{}.kind)]
	_ = same[unsafe.Offsetof(Handle{}.flags)*wide+unsafe.Sizeof(Handle{}.flags)-unsafe.Offsetof(C.cuv_handle{}.flags)*wide-unsafe.Sizeof(C.cuv_handle{}.flags)]
	_ = same[unsafe.Offsetof(Handle{}.Failed)*wide+unsafe.Sizeof(Handle{}.Failed)-unsafe.Offsetof(C.cuv_handle{}.failed)*wide-unsafe.Sizeof(C.cuv_handle{}.failed)]

	_ = same[unsafe.Offsetof(uvBuf{}.base)*wide+unsafe.Sizeof(uvBuf{}.base)-unsafe.Offsetof(C.uv_buf_t{}.base)*wide-unsafe.Sizeof(C.uv_buf_t{}.base)]
	_ = same[unsafe.Offsetof(uvBuf{}.len)*wide+unsafe.Sizeof(uvBuf{}.len)-unsafe.Offsetof(C.uv_buf_t{}.len)*wide-unsafe.Sizeof(C.uv_buf_t{}.len)]
	_ = same[unsafe.Sizeof(uvBuf{})-C.sizeof_uv_buf_t]

	_ = same[unsafe.Offsetof(FSRequest{}.slot)*wide+unsafe.Sizeof(FSRequest{}.slot)-unsafe.Offsetof(C.cuv_fs_req{}.slot)*wide-unsafe.Sizeof(C.cuv_fs_req{}.slot)]
	_ = same[unsafe.Offsetof(FSRequest{}.gen)*wide+unsafe.Sizeof(FSRequest{}.gen)-unsafe.Offsetof(C.cuv_fs_req{}.gen)*wide-unsafe.Sizeof(C.cuv_fs_req{}.gen)]
	_ = same[unsafe.Offsetof(FSRequest{}.kind)*wide+unsafe.Sizeof(FSRequest{}.kind)-unsafe.Offsetof(C.cuv_fs_req{}._type)*wide-unsafe.Sizeof(C.cuv_fs_req{}._type)]
	_ = same[unsafe.Offsetof(FSRequest{}.FD)*wide+unsafe.Sizeof(FSRequest{}.FD)-unsafe.Offsetof(C.cuv_fs_req{}.fd)*wide-unsafe.Sizeof(C.cuv_fs_req{}.fd)]
	_ = same[unsafe.Offsetof(FSRequest{}.Flags)*wide+unsafe.Sizeof(FSRequest{}.Flags)-unsafe.Offsetof(C.cuv_fs_req{}.flags)*wide-unsafe.Sizeof(C.cuv_fs_req{}.flags)]
	_ = same[unsafe.Offsetof(FSRequest{}.Mode)*wide+unsafe.Sizeof(FSRequest{}.Mode)-unsafe.Offsetof(C.cuv_fs_req{}.mode)*wide-unsafe.Sizeof(C.cuv_fs_req{}.mode)]
	_ = same[unsafe.Offsetof(FSRequest{}.UID)*wide+unsafe.Sizeof(FSRequest{}.UID)-unsafe.Offsetof(C.cuv_fs_req{}.uid)*wide-unsafe.Sizeof(C.cuv_fs_req{}.uid)]
	_ = same[unsafe.Offsetof(FSRequest{}.GID)*wide+unsafe.Sizeof(FSRequest{}.GID)-unsafe.Offsetof(C.cuv_fs_req{}.gid)*wide-unsafe.Sizeof(C.cuv_fs_req{}.gid)]
	_ = same[unsafe.Offsetof(FSRequest{}.Source)*wide+unsafe.Sizeof(FSRequest{}.Source)-unsafe.Offsetof(C.cuv_fs_req{}.source)*wide-unsafe.Sizeof(C.cuv_fs_req{}.source)]
	_ = same[unsafe.Offsetof(FSRequest{}.Entries)*wide+unsafe.Sizeof(FSRequest{}.Entries)-unsafe.Offsetof(C.cuv_fs_req{}.entries)*wide-unsafe.Sizeof(C.cuv_fs_req{}.entries)]
	_ = same[unsafe.Offsetof(FSRequest{}.Off)*wide+unsafe.Sizeof(FSRequest{}.Off)-unsafe.Offsetof(C.cuv_fs_req{}.off)*wide-unsafe.Sizeof(C.cuv_fs_req{}.off)]
	_ = same[unsafe.Offsetof(FSRequest{}.Len)*wide+unsafe.Sizeof(FSRequest{}.Len)-unsafe.Offsetof(C.cuv_fs_req{}.len)*wide-unsafe.Sizeof(C.cuv_fs_req{}.len)]
	_ = same[unsafe.Offsetof(FSRequest{}.Atime)*wide+unsafe.Sizeof(FSRequest{}.Atime)-unsafe.Offsetof(C.cuv_fs_req{}.atime)*wide-unsafe.Sizeof(C.cuv_fs_req{}.atime)]
	_ = same[unsafe.Offsetof(FSRequest{}.Mtime)*wide+unsafe.Sizeof(FSRequest{}.Mtime)-unsafe.Offsetof(C.cuv_fs_req{}.mtime)*wide-unsafe.Sizeof(C.cuv_fs_req{}.mtime)]
	_ = same[unsafe.Offsetof(FSRequest{}.Dir)*wide+unsafe.Sizeof(FSRequest{}.Dir)-unsafe.Offsetof(C.cuv_fs_req{}.dir)*wide-unsafe.Sizeof(C.cuv_fs_req{}.dir)]
	_ = same[unsafe.Offsetof(FSRequest{}.Result)*wide+unsafe.Sizeof(FSRequest{}.Result)-unsafe.Offsetof(C.cuv_fs_req{}.result)*wide-unsafe.Sizeof(C.cuv_fs_req{}.result)]
	_ = same[unsafe.Offsetof(FSRequest{}.data)*wide+unsafe.Sizeof(FSRequest{}.data)-unsafe.Offsetof(C.cuv_fs_req{}.data)*wide-unsafe.Sizeof(C.cuv_fs_req{}.data)]
	_ = same[unsafe.Offsetof(FSRequest{}.size)*wide+unsafe.Sizeof(FSRequest{}.size)-unsafe.Offsetof(C.cuv_fs_req{}.size)*wide-unsafe.Sizeof(C.cuv_fs_req{}.size)]
	_ = same[unsafe.Offsetof(FSRequest{}.held)*wide+unsafe.Sizeof(FSRequest{}.held)-unsafe.Offsetof(C.cuv_fs_req{}.held)*wide-unsafe.Sizeof(C.cuv_fs_req{}.held)]
	_ = same[unsafe.Offsetof(FSRequest{}.state)*wide+unsafe.Sizeof(FSRequest{}.state)-unsafe.Offsetof(C.cuv_fs_req{}.state)*wide-unsafe.Sizeof(C.cuv_fs_req{}.state)]
	_ = same[unsafe.Offsetof(FSRequest{}.next)*wide+unsafe.Sizeof(FSRequest{}.next)-unsafe.Offsetof(C.cuv_fs_req{}.next)*wide-unsafe.Sizeof(C.cuv_fs_req{}.next)]

	_ = same[unsafe.Offsetof(Stdio{}.Handle)*wide+unsafe.Sizeof(Stdio{}.Handle)-unsafe.Offsetof(C.cuv_stdio{}.h)*wide-unsafe.Sizeof(C.cuv_stdio{}.h)]
	_ = same[unsafe.Offsetof(Stdio{}.FD)*wide+unsafe.Sizeof(Stdio{}.FD)-unsafe.Offsetof(C.cuv_stdio{}.fd)*wide-unsafe.Sizeof(C.cuv_stdio{}.fd)]
	_ = same[unsafe.Offsetof(Stdio{}.Flags)*wide+unsafe.Sizeof(Stdio{}.Flags)-unsafe.Offsetof(C.cuv_stdio{}.flags)*wide-unsafe.Sizeof(C.cuv_stdio{}.flags)]
	_ = same[unsafe.Offsetof(Stdio{}.IPC)*wide+unsafe.Sizeof(Stdio{}.IPC)-unsafe.Offsetof(C.cuv_stdio{}.ipc)*wide-unsafe.Sizeof(C.cuv_stdio{}.ipc)]
	_ = same[unsafe.Sizeof(Stdio{})-C.sizeof_cuv_stdio]

	_ = same[unsafe.Offsetof(Stat{}.Dev)*wide+unsafe.Sizeof(Stat{}.Dev)-unsafe.Offsetof(C.uv_stat_t{}.st_dev)*wide-unsafe.Sizeof(C.uv_stat_t{}.st_dev)]
	_ = same[unsafe.Offsetof(Stat{}.Mode)*wide+unsafe.Sizeof(Stat{}.Mode)-unsafe.Offsetof(C.uv_stat_t{}.st_mode)*wide-unsafe.Sizeof(C.uv_stat_t{}.st_mode)]
	_ = same[unsafe.Offsetof(Stat{}.Nlink)*wide+unsafe.Sizeof(Stat{}.Nlink)-unsafe.Offsetof(C.uv_stat_t{}.st_nlink)*wide-unsafe.Sizeof(C.uv_stat_t{}.st_nlink)]
	_ = same[unsafe.Offsetof(Stat{}.UID)*wide+unsafe.Sizeof(Stat{}.UID)-unsafe.Offsetof(C.uv_stat_t{}.st_uid)*wide-unsafe.Sizeof(C.uv_stat_t{}.st_uid)]
	_ = same[unsafe.Offsetof(Stat{}.GID)*wide+unsafe.Sizeof(Stat{}.GID)-unsafe.Offsetof(C.uv_stat_t{}.st_gid)*wide-unsafe.Sizeof(C.uv_stat_t{}.st_gid)]
	_ = same[unsafe.Offsetof(Stat{}.Rdev)*wide+unsafe.Sizeof(Stat{}.Rdev)-unsafe.Offsetof(C.uv_stat_t{}.st_rdev)*wide-unsafe.Sizeof(C.uv_stat_t{}.st_rdev)]
	_ = same[unsafe.Offsetof(Stat{}.Ino)*wide+unsafe.Sizeof(Stat{}.Ino)-unsafe.Offsetof(C.uv_stat_t{}.st_ino)*wide-unsafe.Sizeof(C.uv_stat_t{}.st_ino)]
	_ = same[unsafe.Offsetof(Stat{}.Size)*wide+unsafe.Sizeof(Stat{}.Size)-unsafe.Offsetof(C.uv_stat_t{}.st_size)*wide-unsafe.Sizeof(C.uv_stat_t{}.st_size)]
	_ = same[unsafe.Offsetof(Stat{}.Blksize)*wide+unsafe.Sizeof(Stat{}.Blksize)-unsafe.Offsetof(C.uv_stat_t{}.st_blksize)*wide-unsafe.Sizeof(C.uv_stat_t{}.st_blksize)]
	_ = same[unsafe.Offsetof(Stat{}.Blocks)*wide+unsafe.Sizeof(Stat{}.Blocks)-unsafe.Offsetof(C.uv_stat_t{}.st_blocks)*wide-unsafe.Sizeof(C.uv_stat_t{}.st_blocks)]
	_ = same[unsafe.Offsetof(Stat{}.Flags)*wide+unsafe.Sizeof(Stat{}.Flags)-unsafe.Offsetof(C.uv_stat_t{}.st_flags)*wide-unsafe.Sizeof(C.uv_stat_t{}.st_flags)]
	_ = same[unsafe.Offsetof(Stat{}.Gen)*wide+unsafe.Sizeof(Stat{}.Gen)-unsafe.Offsetof(C.uv_stat_t{}.st_gen)*wide-unsafe.Sizeof(C.uv_stat_t{}.st_gen)]
	_ = same[unsafe.Offsetof(Stat{}.Atim)*wide+unsafe.Sizeof(Stat{}.Atim)-unsafe.Offsetof(C.uv_stat_t{}.st_atim)*wide-unsafe.Sizeof(C.uv_stat_t{}.st_atim)]
	_ = same[unsafe.Offsetof(Stat{}.Mtim)*wide+unsafe.Sizeof(Stat{}.Mtim)-unsafe.Offsetof(C.uv_stat_t{}.st_mtim)*wide-unsafe.Sizeof(C.uv_stat_t{}.st_mtim)]
	_ = same[unsafe.Offsetof(Stat{}.Ctim)*wide+unsafe.Sizeof(Stat{}.Ctim)-unsafe.Offsetof(C.uv_stat_t{}.st_ctim)*wide-unsafe.Sizeof(C.uv_stat_t{}.st_ctim)]
	_ = same[unsafe.Offsetof(Stat{}.Birthtim)*wide+unsafe.Sizeof(Stat{}.Birthtim)-unsafe.Offsetof(C.uv_stat_t{}.st_birthtim)*wide-unsafe.Sizeof(C.uv_stat_t{}.st_birthtim)]
	_ = same[unsafe.Sizeof(Stat{})-C.sizeof_uv_stat_t]

	_ = same[unsafe.Offsetof(Timespec{}.Sec)*wide+unsafe.Sizeof(Timespec{}.Sec)-unsafe.Offsetof(C.uv_timespec_t{}.tv_sec)*wide-unsafe.Sizeof(C.uv_timespec_t{}.tv_sec)]
	_ = same[unsafe.Offsetof(Timespec{}.Nsec)*wide+unsafe.Sizeof(Timespec{}.Nsec)-unsafe.Offsetof(C.uv_timespec_t{}.tv_nsec)*wide-unsafe.Sizeof(C.uv_timespec_t{}.tv_nsec)]
	_ = same[unsafe.Sizeof(Timespec{})-C.sizeof_uv_timespec_t]

	_ = same[unsafe.Offsetof(Statfs{}.Type)*wide+unsafe.Sizeof(Statfs{}.Type)-unsafe.Offsetof(C.uv_statfs_t{}.f_type)*wide-unsafe.Sizeof(C.uv_statfs_t{}.f_type)]
	_ = same[unsafe.Offsetof(Statfs{}.Bsize)*wide+unsafe.Sizeof(Statfs{}.Bsize)-unsafe.Offsetof(C.uv_statfs_t{}.f_bsize)*wide-unsafe.Sizeof(C.uv_statfs_t{}.f_bsize)]
	_ = same[unsafe.Offsetof(Statfs{}.Blocks)*wide+unsafe.Sizeof(Statfs{}.Blocks)-unsafe.Offsetof(C.uv_statfs_t{}.f_blocks)*wide-unsafe.Sizeof(C.uv_statfs_t{}.f_blocks)]
	_ = same[unsafe.Offsetof(Statfs{}.Bfree)*wide+unsafe.Sizeof(Statfs{}.Bfree)-unsafe.Offsetof(C.uv_statfs_t{}.f_bfree)*wide-unsafe.Sizeof(C.uv_statfs_t{}.f_bfree)]
	_ = same[unsafe.Offsetof(Statfs{}.Bavail)*wide+unsafe.Sizeof(Statfs{}.Bavail)-unsafe.Offsetof(C.uv_statfs_t{}.f_bavail)*wide-unsafe.Sizeof(C.uv_statfs_t{}.f_bavail)]
	_ = same[unsafe.Offsetof(Statfs{}.Files)*wide+unsafe.Sizeof(Statfs{}.Files)-unsafe.Offsetof(C.uv_statfs_t{}.f_files)*wide-unsafe.Sizeof(C.uv_statfs_t{}.f_files)]
	_ = same[unsafe.Offsetof(Statfs{}.Ffree)*wide+unsafe.Sizeof(Statfs{}.Ffree)-unsafe.Offsetof(C.uv_statfs_t{}.f_ffree)*wide-unsafe.Sizeof(C.uv_statfs_t{}.f_ffree)]
	_ = same[unsafe.Offsetof(Statfs{}.Frsize)*wide+unsafe.Sizeof(Statfs{}.Frsize)-(unsafe.Offsetof(C.uv_statfs_t{}.f_ffree)+unsafe.Sizeof(C.uv_statfs_t{}.f_ffree))*wide-unsafe.Sizeof(C.uv_statfs_t{}.f_ffree)]
	_ = same[unsafe.Sizeof(Statfs{})-C.sizeof_uv_statfs_t]
)
