package ipvsctl

import "errors"

// CleanUp deletes the services that the ownership record at path names, unless
// they are to be kept for a next life, puts back what else it says was changed,
// and forgets what is no longer there. It returns the services it deleted. It
// is for the time when no Reconciler runs on that record; with an empty record,
// or on a kernel without IPVS, there is nothing to do.
func CleanUp(open func() (Kernel, error), path string, keep bool) (deleted []Key, err error) {
	record, err := openRecord(path)
	if err != nil || len(record.keys) == 0 && !record.whole.Sync && len(record.whole.Sysctls) == 0 {
		return nil, err
	}
	kernel, err := open()
	if errors.Is(err, ErrNoIPVS) {
		return nil, record.set(Keys{})
	}
	if err != nil {
		return nil, err
	}
	defer kernel.Close()
	have, err := kernel.Read()
	if err != nil {
		return nil, err
	}
	cleaner := keeper{record: record, warm: keep}
	wanted, services := cleaner.planServices(have)
	ops := cleaner.planWhole(have, services)
	refused, err := kernel.Apply(ops)
	if err != nil {
		return nil, err
	}
	left := stillOwned(wanted, refused)
	for _, op := range ops {
		if op.Kind == DeleteService && !left[op.Service.Key] {
			deleted = append(deleted, op.Service.Key)
		}
	}
	record.note(cleaner.keep(refused))
	errs := []error{record.set(left)}
	for _, f := range refused {
		errs = append(errs, f)
	}
	return deleted, errors.Join(errs...)
}
